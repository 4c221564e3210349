"""What a source's module knows about where its content came from, and how it reports."""

from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.document import dumps
from amika_local.providers import OAUTH_PREFIX, canonical, native_variable
from amika_local.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from amika_local.sources import Row


class Skipped:
    """Something that is there and gives no credential.

    provider  canonical name
    state     "derived" or "other" (a type that carries no key)
    detail    why, for a person
    """

    __slots__ = ("detail", "provider", "state")

    def __init__(self, provider: str, state: str, detail: str) -> None:
        self.provider = provider
        self.state = state
        self.detail = detail


class Place:
    """Where content came from; builds its credentials and problems.

    row    the source
    path   the file, or how the keychain item is called
    now    epoch seconds
    oauth  False: OAuth tokens are not wanted, and fields that only they need are not read
    is_mirrored  tells whether (variable, value) was once written into the env cache by us
    """

    __slots__ = ("is_mirrored", "now", "oauth", "path", "row")

    def __init__(
        self,
        row: "Row",
        path: str,
        now: float,
        *,
        oauth: bool = True,
        is_mirrored: "Callable[[str, str], bool] | None" = None,
    ) -> None:
        self.row = row
        self.path = path
        self.now = now
        self.oauth = oauth
        self.is_mirrored = is_mirrored

    def api_key(self, provider: str, value: str) -> Credential:
        """Return a key; one that is an OAuth token in truth (`sk-ant-oat…`) is called one."""
        provider = canonical(provider)
        mistaken = provider == "anthropic" and value.startswith(OAUTH_PREFIX)
        return self._credential(provider, OAUTH if mistaken else API_KEY, value)

    def token(
        self,
        provider: str,
        value: str,
        *,
        expires_at: "float | None" = None,
        issued_at: "float | None" = None,
        account: "str | None" = None,
        record: "dict[str, object] | None" = None,
        claude: bool = False,
    ) -> Credential:
        """Return an OAuth token; `record` is the JSON object a receiver needs, `claude` marks Claude Code's login."""
        found = self._credential(canonical(provider), OAUTH, value, claude=claude)
        found.expires_at = expires_at
        found.issued_at = issued_at
        found.account = account
        found.record = None if record is None else Secret(dumps(record))
        return found

    def _credential(self, provider: str, kind: str, value: str, *, claude: bool = False) -> Credential:
        return Credential(
            provider,
            kind,
            Secret(value),
            self.row.id,
            self.path,
            self.row.priority,
            native_name=native_variable(provider, kind, value, claude=claude),
        )

    def skipped(self, provider: str, state: str, detail: str) -> Skipped:
        """Return what is there and gives no credential, for `--explain`."""
        return Skipped(canonical(provider), state, detail)

    def blank(self, what: str = "") -> Problem:
        """Return the problem of a record that is well-formed but empty: its owner lost its login."""
        return Problem(
            "blank",
            f"{self.path}: {what + ' ' if what else ''}holds an empty login",
            source=self.row.id,
            path=self.path,
            remedy=f"Sign in again: {self.row.login}." if self.row.login else "Write it anew.",
        )
