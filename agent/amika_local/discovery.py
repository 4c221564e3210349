"""Finds every credential on this machine and decides, per provider, which one counts."""

from amika_local.credential import Credential, Problem
from amika_local.document import DocumentError, FieldError, parse_object
from amika_local.providers import is_variable, shown, variables
from amika_local.regular_file import read
from amika_local.sources import BYTES, JSON, KEYCHAIN, STRINGS, TABLE, Row, locate
from amika_local.sources.place import Place, Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amika_local.sources.claude_keychain import Keychain

# problems that make a file unusable; the others (blank, expired, name, value) cost one entry
BAD = frozenset(("malformed", "not_a_file", "too_large", "unreadable"))


class Reading:
    """What one source said about one provider, for `--explain`.

    source, path
    provider     canonical name, or "" when the file as a whole is meant
    state        "used", "shadowed", "expired", "blank", "derived", "other", "left_out", "nothing" (well-formed, gives
                 none), "absent", "elsewhere" (its owner keeps the login in the system's keyring), "bad", "off"
                 (`--no-oauth`, or not needed)
    credential   for used, shadowed, expired
    shadowed_by  source id of the winner, for shadowed
    detail       why, for a person; never a value
    """

    __slots__ = ("credential", "detail", "path", "provider", "shadowed_by", "source", "state")

    def __init__(
        self,
        source: str,
        path: str,
        state: str,
        *,
        provider: str = "",
        credential: "Credential | None" = None,
        shadowed_by: str = "",
        detail: str = "",
    ) -> None:
        self.source = source
        self.path = path
        self.state = state
        self.provider = provider
        self.credential = credential
        self.shadowed_by = shadowed_by
        self.detail = detail

    def __repr__(self) -> str:
        return f"Reading({self.source}, {self.provider}, {self.state})"


class Discovery:
    """What was found.

    winners      canonical provider -> the credential that counts
    credentials  all usable ones, best first: not expired at `now`, not blank, never derived entries of the env cache.
                 A source may give two for one provider (Codex: API key and login)
    expired      those that are past their expiry
    problems     what a person should know
    readings     one per source and provider, or per file that gives none, in the order of reading
    files        (source id, path) -> "ok" (well-formed), "absent", "elsewhere" (absent, and that says nothing: its owner
                 keeps the login in the keyring), "bad", "off" (not looked at)
    """

    __slots__ = ("credentials", "expired", "files", "problems", "readings", "winners")

    def __init__(self) -> None:
        self.winners: dict[str, Credential] = {}
        self.credentials: list[Credential] = []
        self.expired: list[Credential] = []
        self.problems: list[Problem] = []
        self.readings: list[Reading] = []
        self.files: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Discovery({list(self.winners.values())})"


def discover(
    home: str,
    env: "Mapping[str, str]",
    *,
    now: float,
    confined: bool = False,
    oauth: bool = True,
    beyond: bool = False,
    is_mirrored: "Callable[[str, str], bool] | None" = None,
    keychain: "Keychain | None" = None,
) -> Discovery:
    """Read every source; never raises for what a file holds or is.

    Args:
        home: whose sources.
        env: variables that move a source (CLAUDE_CONFIG_DIR, CODEX_HOME, XDG_*).
        now: epoch seconds.
        confined: `--homedir`: those variables are ignored, and so is the keychain.
        oauth: False leaves out OAuth sources and tokens, and does not read them.
        beyond: True reads the sources beyond the eight documented ones in any case; False only where they fill in a
            provider that nobody else gives.
        is_mirrored: (variable, value) -> whether the agent ever wrote that pair into the env cache.
        keychain: kept by a process that looks again and again; None: looked at anew.

    """
    raise NotImplementedError


def watched_files(home: str, env: "Mapping[str, str]", *, confined: bool = False) -> "list[str]":
    """Return every file that `discover` may read, in the order of the table, each once."""
    raise NotImplementedError
