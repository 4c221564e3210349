"""The Amika session: read, renewed and ended by one function each, the same in agent and command line."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping

from amika_agent.clock import Clock
from amika_agent.endpoints import Endpoints
from amika_agent.http.client import Http
from amika_agent.session.keychain import FILE, KEYCHAIN, ChosenStore
from amika_agent.session.lock import POLL, Adopted, session_lock, uninterrupted
from amika_agent.session.meta import Meta, MetaFile
from amika_agent.session.parts import Parts, RenewalPostponed, SessionEnded, session_name, signed_out
from amika_agent.session.renewal import kept_aside, renew
from amika_agent.session.rules import ADOPT_LEFT, asked_to_wait, digest, hurried, lead, merged, skew_of
from amika_agent.session.sign_out import SignOutResult, sign_out
from amika_agent.stores.keyring_process import KeyringProblem
from amika_local.errors import Busy, Failed, UsageError
from amika_local.secret import Secret
from amika_local.session_file import SessionFileError, StoredSession

__all__ = ["RenewalPostponed", "SessionEnded", "SessionKeeper", "SignOutResult"]

LOCK_DEADLINE = 30.0
GLANCE_PATIENCE = 0.3
AGENT_PATIENCE = 5.0  # seconds for a running agent to bring what it was asked for
TIDY_EVERY = 600.0
KEYRING_PAUSE = 60.0  # seconds until a keyring that could not be asked is asked again
HURRY = 1.0  # seconds between two attempts while the grace of a lost answer is open
LAST_RESORT = 5.0  # a token with more than this left is better than no answer
BACK_OFF = (5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
LONGEST_PAUSE = 1.2 * BACK_OFF[-1]


class SessionKeeper:
    """Owner of `workos-session.json` on this machine, together with every other process of ours.

    role   "agent" renews early, "cli" late, so that a command never races a healthy agent.
    store  where a new login is put: "file" (shared with the Go CLI) or "keychain"
    agent  asks a running agent to look at the session; False when there is none. A keyring is written by one program
           as long as that one does it: others hold the same lock, but may be asked for a password
    """

    def __init__(
        self,
        state_dir: str,
        endpoints: Endpoints,
        http: Http,
        clock: Clock,
        *,
        role: str,
        store: str = "file",
        agent: Callable[[], bool] | None = None,
    ) -> None:
        chosen = ChosenStore(state_dir, store)
        self._parts = Parts(state_dir, endpoints, http, clock, role, chosen, MetaFile(state_dir))
        self._agent = agent
        self._given: Secret | None = None
        self._failures = 0
        self._retry_at = 0.0
        self._failed_at = 0.0
        self._tidy_at = float("-inf")

    @property
    def endpoints(self) -> Endpoints:
        """The servers this keeper talks to."""
        return self._parts.endpoints

    @property
    def state_dir(self) -> str:
        """The folder of the session's files."""
        return self._parts.state_dir

    def stored(self) -> StoredSession | None:
        """Return the login on disk, as it is; None when signed out.

        Raises:
            SessionFileError: the file is damaged, blank or unreadable.
            KeyringProblem: the session rests in the keyring, and that cannot be asked.

        """
        return self._not_revoked(self._parts.settled(GLANCE_PATIENCE))

    def named(self) -> StoredSession | None:
        """Return whose login it is, without network and without asking a keyring: then its tokens are missing.

        Raises:
            SessionFileError: the file is damaged, blank or unreadable.

        """
        store = self._parts.store
        return self.stored() if store.name == FILE else self._not_revoked(store.keychain.named())

    def fresh(self, *, force: bool = False) -> StoredSession:
        """Return a login whose access token is good now, renewing it when it is due.

        Args:
            force: the server just answered 401 to this token: renew it whatever its expiry.

        Raises:
            NotSignedIn: nobody is signed in, or the server ended the session. Sign in again.
            UsageError: the session belongs to other servers than the configured ones.
            Unreachable: transient; the session is kept (RenewalPostponed.retry_at says when to try again).
            Busy: another process is renewing and did not finish.
            Failed: the session cannot be written; no token was spent.

        """
        self.tidy()
        seen = self._glance()
        rejected = (self._given or (seen.access_token if seen else None)) if force else None
        if seen is not None and rejected is None and self._usable(seen):
            return self._give(seen)
        try:
            return self._give(self._renew(seen, rejected))
        except Failed:
            self._note_failure()
            raise

    def bearer(self, *, force: bool = False) -> Secret:
        """Return the access token of `usable()`."""
        return self.usable(force=force).access_token

    def usable(self, *, force: bool = False) -> StoredSession:
        """Return `fresh()`, or the session as it is while it cannot be renewed for now.

        The token that there is goes on being used until 5 s before its end: its renewal comes early on purpose, and a
        request that can be made should be made.
        """
        try:
            return self.fresh(force=force)
        except RenewalPostponed:
            session = None if force else self.stored()
            if session is None or not self._last_resort(session):
                raise
            return session

    def check_storable(self) -> None:
        """Make sure that a login can be stored where the settings want it, before anybody is asked for anything.

        Raises:
            KeyringProblem, Failed: it cannot.

        """
        self._parts.store.check_storable()

    def holds(self, session: StoredSession) -> bool:
        """Tell whether this is the login on disk."""
        try:
            present = self.stored()
        except (SessionFileError, KeyringProblem):
            return False
        return present is not None and present.refresh_token == session.refresh_token

    def organizations(self) -> Mapping[str, str]:
        """Return id -> name of the organizations that the server has named to us."""
        return self._parts.meta.read().organizations

    def accept(self, session: Mapping[str, object], organizations: Mapping[str, str] | None = None) -> StoredSession:
        """Make this the login: an answer of the authorization server (`access_token`, `refresh_token`, `user` …).

        `organizations` (id -> name) and the answer's own `organization_name` are remembered, to be shown.

        Raises:
            Failed: it cannot be stored, or holds no token.
            Busy: another process holds the session for longer than 30 s.

        """
        parts = self._parts
        accepted = merged(None, session, parts.clock.now())
        with session_lock(parts.state_dir, parts.clock, deadline=LOCK_DEADLINE), uninterrupted():
            now = parts.clock.now()
            previous = self._replaceable(accepted)
            before = parts.meta.read()
            revoked = [sid for sid in before.revoked_sids if sid != session_name(accepted)]
            meta = Meta(got=digest(accepted.refresh_token), got_at=now, revoked_sids=revoked)
            meta.skew, meta.bindings = skew_of(accepted, now), before.bindings
            parts.bind(accepted, meta)
            meta.organizations = before.organizations
            for organization_id, name in (organizations or {}).items():
                meta.name_organization(organization_id, name)
            meta.name_organization(accepted.organization_id, session.get("organization_name"))
            # the binding first: a session is never on disk without it
            parts.meta.write(meta)
            parts.store.replace(accepted)
        if previous is not None:
            parts.revoke(previous, timeout=3.0)
        return self._give(accepted)

    def drop(self, session: StoredSession) -> None:
        """End a session that was granted but is not wanted; best effort."""
        self._parts.revoke(session, timeout=3.0)

    def switch_organization(self, organization_id: str) -> StoredSession:
        """Renew the session into another organization of the same user.

        Raises:
            as `fresh`; Failed: the server does not let this user in, or left the session where it was.

        """
        parts = self._parts
        seen = self._glance()
        with session_lock(parts.state_dir, parts.clock, deadline=LOCK_DEADLINE):
            session = renew(parts, seen, organization=organization_id)
            if session.organization_id != organization_id:
                # the answer to a renewal from before, whose own was lost, given once more: its token is a new one
                session = renew(parts, session, organization=organization_id)
        self._give(session)
        if session.organization_id != organization_id:
            raise Failed(
                "the server renewed the session but left it in its organization",
                remedy=f"Sign in to the other one: amika auth login --org {organization_id}",
            )
        return session

    def sign_out(self, deadline: float = 5.0) -> SignOutResult:
        """End the session at the server within `deadline` seconds, then delete it here, whatever the server said.

        A deadline of 0 does not ask the server at all.

        Raises:
            Failed: it cannot be deleted; the message tells what the server did.

        """
        self._given = None
        return sign_out(self._parts, deadline)

    def due_at(self) -> float | None:
        """Return when (epoch seconds) the session wants to be renewed next; now or earlier = at once; None = never."""
        parts = self._parts
        try:
            session = self.stored()
        except SessionFileError:
            return None
        except KeyringProblem:
            return parts.clock.now() + KEYRING_PAUSE
        if session is None:
            return parts.clock.now() + TIDY_EVERY if parts.store.untidy else None
        meta = parts.meta.read()
        if not session.refresh_token or meta.rejected == digest(session.refresh_token):
            return None
        return self._renewal_at(session, meta)

    def _renewal_at(self, session: StoredSession, meta: Meta) -> float | None:
        parts = self._parts
        now = parts.clock.now()
        wait = asked_to_wait(meta, now)
        if hurried(session, meta, now):
            return max(now, wait, self._failed_at + HURRY if self._failed_at <= now else now)
        end = session.expiry(meta.skew)
        if end is None:
            return None
        due = end - lead(session, meta, parts.role) if parts.good(session, meta) else now
        # a clock that was set back would make the pause a day
        own = self._retry_at if self._retry_at - now <= LONGEST_PAUSE else 0.0
        return max(due, own, wait)

    def tidy(self) -> None:
        """Delete what is left in a store that does not count, and move the session to where the settings want it.

        At most every ten minutes; a keyring that cannot be used is no reason to fail.
        """
        parts = self._parts
        now = parts.clock.monotonic()
        if now < self._tidy_at or not parts.store.untidy:
            return
        self._tidy_at = now + TIDY_EVERY
        with (
            contextlib.suppress(Failed, SessionFileError),
            session_lock(parts.state_dir, parts.clock, deadline=LOCK_DEADLINE),
        ):
            parts.store.tidy()

    def _not_revoked(self, session: StoredSession | None) -> StoredSession | None:
        return None if session is None or self._parts.revoked(session, self._parts.meta.read()) else session

    def _replaceable(self, accepted: StoredSession) -> StoredSession | None:
        """Return the session of the same servers that `accepted` replaces, to be ended there."""
        parts = self._parts
        try:
            previous = parts.store.load()
            if previous is None or previous.session_id in ("", accepted.session_id):
                return None
            return previous if parts.bound(previous, parts.meta.read()) else None
        except SessionFileError as error:
            if error.kind == "corrupt":
                kept_aside(error.path)
            return None
        except (UsageError, KeyringProblem):
            return None

    def _glance(self) -> StoredSession | None:
        """Look without the lock; None when the file is in the middle of being written."""
        try:
            seen = self._parts.settled(GLANCE_PATIENCE)
        except SessionFileError as error:
            if not error.torn:
                raise
            return None
        if seen is None:
            raise signed_out()
        return seen

    def _usable(self, seen: StoredSession) -> bool:
        parts = self._parts
        meta = parts.meta.read()
        return not parts.revoked(seen, meta) and parts.bound(seen, meta) and parts.good(seen, meta)

    def _renew(self, seen: StoredSession | None, rejected: Secret | None) -> StoredSession:
        parts = self._parts
        brought = self._by_agent(seen) if seen is not None and rejected is None else None
        if brought is not None:
            return brought
        found: list[StoredSession] = []
        watch = self._watch(seen, found) if rejected is None else None
        try:
            with session_lock(parts.state_dir, parts.clock, deadline=LOCK_DEADLINE, meanwhile=watch):
                return renew(parts, seen, rejected=rejected)
        except Adopted:
            return found[-1]
        except Busy:
            if seen is not None and rejected is None and self._last_resort(seen):
                return seen
            raise

    def _by_agent(self, seen: StoredSession) -> StoredSession | None:
        """Return what a running agent has made of a session in the keyring; None when we have to do it."""
        parts = self._parts
        meta = parts.meta.read()
        hopeless = not seen.refresh_token or meta.rejected == digest(seen.refresh_token)
        if self._agent is None or parts.store.name != KEYCHAIN or hopeless or asked_to_wait(meta, parts.clock.now()):
            return None
        found: list[StoredSession] = []
        arrived = self._watch(seen, found)
        end = parts.clock.monotonic() + AGENT_PATIENCE
        if not self._agent():
            return None
        while not arrived():
            if parts.clock.monotonic() >= end:
                return None
            parts.clock.sleep(POLL)
        return found[-1]

    def _watch(self, seen: StoredSession | None, found: list[StoredSession]) -> Callable[[], bool]:
        """Return a question for the wait: whether another process has brought a token that we can use."""
        parts = self._parts
        signature: list[tuple[int, ...]] = [()]  # it may have arrived already

        def arrived() -> bool:
            latest = parts.store.signature()
            if latest == signature[0]:
                return False
            signature[0] = latest
            with contextlib.suppress(SessionFileError):
                session = parts.store.load()
                if session is None or seen is None or session.refresh_token == seen.refresh_token:
                    return False
                meta = parts.meta.read()
                if parts.bound(session, meta) and parts.remaining(session, meta) >= ADOPT_LEFT:
                    found.append(session)
                    return True
            return False

        return arrived

    def _last_resort(self, seen: StoredSession) -> bool:
        meta = self._parts.meta.read()
        return self._parts.bound(seen, meta) and self._parts.remaining(seen, meta) > LAST_RESORT

    def _give(self, session: StoredSession) -> StoredSession:
        self._given = session.access_token
        self._failures, self._retry_at = 0, 0.0
        return session

    def _note_failure(self) -> None:
        pause = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        self._failed_at = self._parts.clock.now()
        self._retry_at = self._failed_at + pause * (1 + 0.2 * random.random())  # noqa: S311 -- jitter
