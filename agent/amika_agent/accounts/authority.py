"""The Amika account: who is signed in, and with what right requests are sent. How one signs in is in `amika`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from amika_agent.accounts.api_key import check_origin
from amika_agent.clock import Clock
from amika_agent.endpoints import Endpoints
from amika_agent.http.client import Answer, Http
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import Failed, NotSignedIn, UsageError
from amika_local.secret import Secret
from amika_local.session_file import SessionFileError, StoredSession, api_key_path, read_api_key


@dataclass(frozen=True)
class AccountKey:
    """What rules, ledger and pending work belong to: one user of one organization on one server.

    api_url  the API's URL, or "loopback" for every server on this machine
    user_id  the user; "key:" and a hash for an API key, which does not say whose it is
    org_id   the organization, "" when there is none
    """

    api_url: str
    user_id: str
    org_id: str

    @property
    def text(self) -> str:
        """A stable key."""
        return f"{self.api_url}\n{self.user_id}\n{self.org_id}"


class OtherAccount(NotSignedIn):
    """The request was for an account that is not the one signed in any more; nothing was sent."""

    code = "other_account"


def is_verdict(answer: Answer) -> bool:
    """Tell whether what came for the list of secrets is Amika's word about who asked.

    A captive portal says 200 to everything, and so does many another server.
    """
    return answer.status in (401, 403) or (answer.status == 200 and isinstance(answer.body, list))


class Authority:
    """The right to talk to Amika's API: AMIKA_API_KEY, else the stored API key, else the session."""

    def __init__(
        self,
        state_dir: str,
        env: Mapping[str, str],
        endpoints: Endpoints,
        http: Http,
        clock: Clock,
        role: str,
        *,
        store: str = "file",
        agent: Callable[[], bool] | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.keeper = SessionKeeper(state_dir, endpoints, http, clock, role=role, store=store, agent=agent)
        self._state_dir = state_dir
        self._env = env
        self._http = http

    @property
    def method(self) -> str:
        """Return "env_api_key", "stored_api_key", "session" or "none"; a damaged file counts as what it should be."""
        if self._env_key():
            return "env_api_key"
        try:
            if read_api_key(api_key_path(self._state_dir)):
                return "stored_api_key"
        except SessionFileError:
            return "stored_api_key"
        try:
            return "session" if self.keeper.named() else "none"
        except SessionFileError:
            return "session"

    def bearer(self, *, force: bool = False, of: AccountKey | None = None) -> Secret:
        """Return the token to send; `force` after a 401 renews a session once.

        Args:
            force: the token that was sent was refused.
            of: whose token it must be: somebody may sign in, or go to another organization, between two requests.

        Raises:
            OtherAccount: it would be another's.
            NotSignedIn, UsageError, Unreachable, Busy, Failed: as `SessionKeeper.fresh`.

        """
        key = self._key()
        if key is None:
            session = self.keeper.usable(force=force)
            _same(of, self._of_session(session))
            return session.access_token
        _same(of, self._of_key(key))
        if force:
            raise self._rejected()
        if not self._env_key():
            check_origin(self._state_dir, self.endpoints)
        return key

    def bearer_of(self, account: AccountKey) -> Callable[[bool], Secret]:
        """Return `bearer` for this account alone, as `SecretsApi` calls it: with `force`."""
        return lambda force: self.bearer(force=force, of=account)

    def account(self) -> AccountKey | None:
        """Return whose account it is, without network; None when nobody is signed in or the file is damaged."""
        try:
            key = self._key()
            if key is not None:
                return self._of_key(key)
            session = self.keeper.named()
        except SessionFileError:
            return None
        return None if session is None else self._of_session(session)

    def verify(self) -> dict[str, object]:
        """Ask the server whether it accepts the bearer: {"verified": True, "method": …, "api_url": …}.

        Raises:
            NotSignedIn: there is nothing to verify, or the server rejects it.
            Unreachable: nothing was learned.
            Failed: the server has a problem.

        """
        method = self.method
        answer = self._ask(self.bearer())
        if answer.status == 401 and method == "session":
            answer = self._ask(self.bearer(force=True))
        status = answer.status
        if status == 401:
            raise self._rejected()
        if status >= 500 or status == 429:
            raise Failed(f"the server has a problem (HTTP {status})", remedy="Try again later.")
        if not is_verdict(answer):
            raise Failed(f"the server's answer was not understood (HTTP {status})", remedy="Check AMIKA_API_URL.")
        return {"verified": True, "method": method, "api_url": self.endpoints.api_url}

    def _of_key(self, key: Secret) -> AccountKey:
        digest = hashlib.sha256(key.reveal().encode()).hexdigest()
        return AccountKey(self.endpoints.origin, f"key:{digest[:16]}", "")

    def _of_session(self, session: StoredSession) -> AccountKey:
        return AccountKey(self.endpoints.origin, session.user_id, session.organization_id)

    def _ask(self, bearer: Secret) -> Answer:
        return self._http.request("GET", f"{self.endpoints.api_url}/api/v0beta1/secrets", bearer=bearer)

    def _env_key(self) -> str:
        key = self._env.get("AMIKA_API_KEY", "").strip()
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise UsageError("AMIKA_API_KEY holds characters that no key has", remedy="Set it again, or unset it.")
        return key

    def _key(self) -> Secret | None:
        key = self._env_key()
        return Secret(key) if key else read_api_key(api_key_path(self._state_dir))

    def _rejected(self) -> NotSignedIn:
        remedies = {
            "env_api_key": "Correct or unset AMIKA_API_KEY.",
            "stored_api_key": "Store a new one: amika auth login --api-key-file PATH (or - for stdin).",
        }
        return NotSignedIn(
            f"{self.endpoints.api_url} rejects your {'API key' if self.method in remedies else 'login'}",
            remedy=remedies.get(self.method, "Sign in again: amika auth login"),
        )


def _same(wanted: AccountKey | None, present: AccountKey) -> None:
    if wanted is not None and wanted != present:
        raise other_account()


def other_account() -> OtherAccount:
    """Return the refusal to go on for an account that was not meant."""
    return OtherAccount(
        "another account or organization was signed in meanwhile; nothing was sent to it",
        remedy="Run the command again for that one, or go back: amika auth switch-org",
    )
