"""What every step of a session's life works with, and the questions all of them ask."""

from __future__ import annotations

import os
from dataclasses import dataclass

from amika_agent.clock import Clock
from amika_agent.endpoints import LOOPBACK, Endpoints
from amika_agent.http.client import Answer, Http, NoAnswer
from amika_agent.session.keychain import ChosenStore
from amika_agent.session.meta import Meta, MetaFile
from amika_agent.session.rules import GRACE, SKEW_NOTICED, digest, hurried, just_renewed, lead, left
from amika_local.errors import NotSignedIn, Unreachable, UsageError
from amika_local.session_file import SessionFileError, StoredSession, session_path

SIGN_IN = "Sign in: amika auth login"
TORN_PAUSE = 0.1


class SessionEnded(NotSignedIn):
    """The server ended the session; `reason` is its word."""

    code = "session_ended"

    def __init__(self, message: str, *, reason: str = "", remedy: str = SIGN_IN) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason


class RenewalPostponed(Unreachable):
    """The session could not be renewed now and is kept; `retry_at` (epoch seconds) is when it makes sense again."""

    def __init__(self, message: str, *, retry_at: float, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_at = retry_at


@dataclass(frozen=True)
class Parts:
    """The state directory, the servers, the network, the time, and where the session rests."""

    state_dir: str
    endpoints: Endpoints
    http: Http
    clock: Clock
    role: str
    store: ChosenStore
    meta: MetaFile

    def settled(self, patience: float) -> StoredSession | None:
        """Return the session, waiting out a writer that is in the middle of its file.

        Raises:
            SessionFileError: still damaged after `patience` seconds.

        """
        end = self.clock.monotonic() + patience
        while True:
            try:
                return self.store.load()
            except SessionFileError as error:
                if not error.torn or self.clock.monotonic() >= end:
                    raise
            self.clock.sleep(TORN_PAUSE)

    def good(self, session: StoredSession, meta: Meta) -> bool:
        """Tell whether the token can be used as it is: enough time left, and no renewal that lost its answer."""
        now = self.clock.now()
        if hurried(session, meta, now):
            return False
        remaining = left(session, meta.skew, now)
        if just_renewed(session, meta, now) and remaining > 0:
            return True
        lifetime = session.lifetime()
        if lifetime is not None and remaining > lifetime + SKEW_NOTICED and remaining != float("inf"):
            return False  # more left than it ever had: our clock has moved, so nothing it says can be trusted
        return remaining >= lead(session, meta, self.role)

    def remaining(self, session: StoredSession, meta: Meta) -> float:
        """Return the seconds the token is good for."""
        return left(session, meta.skew, self.clock.now())

    def bound(self, session: StoredSession, meta: Meta) -> bool:
        """Tell whether this session is known to belong to the configured servers; False = nothing is known yet.

        Raises:
            UsageError: it belongs to other servers; nothing of it is sent anywhere.

        """
        binding = meta.bindings.get(session_name(session))
        if binding is None:
            return False
        for ours, theirs, what in (
            (self.endpoints.origin, binding[0], "API"),
            (self.endpoints.issuer, binding[1], "sign-in service"),
        ):
            if ours != theirs:
                raise UsageError(
                    f"you are signed in to another server: this login belongs to the {what} {_shown(theirs)}, "
                    f"but {_shown(ours)} is configured",
                    remedy="Sign in to that server first (amika auth login), "
                    "or unset AMIKA_API_URL and AMIKA_WORKOS_URL (and XDG_CONFIG_HOME, which chooses network.ca_file) "
                    "to go on with this login.",
                )
        return True

    def check_first_use(self) -> None:
        """Make sure that a login nothing is known of may be tied to the configured servers.

        A folder that a variable names may hold a link to a login whose servers are noted elsewhere.

        Raises:
            UsageError: the login is a link.

        """
        path = session_path(self.state_dir)
        if os.path.islink(path):
            raise UsageError(
                f"{path} is a symbolic link, and which server that login belongs to is not known there",
                remedy="Unset AMIKA_STATE_DIRECTORY (and XDG_STATE_HOME), or remove the link and sign in: "
                "amika auth login",
            )

    def bind(self, session: StoredSession, meta: Meta) -> None:
        """Note in `meta` (not yet on disk) that the session belongs to the configured servers."""
        meta.bind(session_name(session), self.endpoints.origin, self.endpoints.issuer)

    def revoked(self, session: StoredSession, meta: Meta) -> bool:
        """Tell whether this session was signed out here before."""
        return session_name(session) in meta.revoked_sids

    def revoke(self, session: StoredSession, timeout: float) -> Answer | None:
        """Ask the server to end the session; None when there was no answer, or no time to ask.

        A session without an id cannot be named.
        """
        if not session.session_id or timeout <= 0:
            return None
        query = {"session_id": session.session_id}
        try:
            return self.http.request("GET", self.endpoints.logout_url, query=query, timeout=timeout)
        except NoAnswer:
            return None


def session_name(session: StoredSession) -> str:
    """Return the session's id, or, for one without, a name made from its refresh token."""
    return session.session_id or f"rt:{digest(session.refresh_token)}"


def signed_out() -> NotSignedIn:
    """Return the error for "nobody is signed in"."""
    return NotSignedIn("you are not signed in", remedy=SIGN_IN)


def grace_open(meta: Meta, session: StoredSession, now: float) -> float | None:
    """Return the seconds since this token was first sent if the server's grace may still be open, else None."""
    if not meta.sent(digest(session.refresh_token)):
        return None
    age = now - meta.sent_at
    return age if 0 <= age < GRACE else None


def _shown(bound: str) -> str:
    return "on this machine (loopback)" if bound == LOOPBACK else bound
