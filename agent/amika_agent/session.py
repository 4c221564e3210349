"""The Amika session: read, renewed and ended by one function each, the same in agent and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amika_agent.accounts.endpoints import Endpoints
from amika_agent.clock import Clock
from amika_agent.http import Http
from amika_local.secret import Secret
from amika_local.session_file import StoredSession


@dataclass(frozen=True)
class SignOutResult:
    """What a sign-out did.

    signed_in  whether there was a login at all
    revoked    True: the server ended the session; False: it could not be reached or refused; None: nothing to revoke
    message    one line for the person
    """

    signed_in: bool
    revoked: bool | None
    message: str


class SessionKeeper:
    """Owner of `workos-session.json` on this machine, together with every other process of ours.

    role   "agent" renews early, "cli" late, so that a command never races a healthy agent.
    store  where a new login is put: "file" (shared with the Go CLI) or "keychain"
    """

    def __init__(
        self, state_dir: str, endpoints: Endpoints, http: Http, clock: Clock, *, role: str, store: str = "file"
    ) -> None:
        raise NotImplementedError

    def stored(self) -> StoredSession | None:
        """Return the login on disk, as it is; None when signed out.

        Raises:
            SessionFileError: the file is damaged, blank or unreadable.

        """
        raise NotImplementedError

    def fresh(self, *, force: bool = False) -> StoredSession:
        """Return a login whose access token is good now, renewing it when it is due.

        Args:
            force: the server just answered 401 to this token: renew it whatever its expiry.

        Raises:
            NotSignedIn: nobody is signed in, or the server ended the session. Sign in again.
            UsageError: the session belongs to other servers than the configured ones.
            Unreachable: transient; the session is kept, try later (`retry_at` when the server named a time).
            Busy: another process is renewing and did not finish.
            Failed: the session cannot be written; no token was spent.

        """
        raise NotImplementedError

    def bearer(self, *, force: bool = False) -> Secret:
        """Return the access token of `fresh()`."""
        return self.fresh(force=force).access_token

    def accept(self, session: Mapping[str, object]) -> StoredSession:
        """Make this the login: an answer of the authorization server (`access_token`, `refresh_token`, `user` …)."""
        raise NotImplementedError

    def switch_organization(self, organization_id: str) -> StoredSession:
        """Renew the session into another organization of the same user."""
        raise NotImplementedError

    def sign_out(self, deadline: float = 5.0) -> SignOutResult:
        """End the session at the server within `deadline` seconds, then delete it here, whatever the server said."""
        raise NotImplementedError

    def due_at(self) -> float | None:
        """Return when (epoch seconds) the session wants to be renewed next; now or earlier = at once; None = never."""
        raise NotImplementedError
