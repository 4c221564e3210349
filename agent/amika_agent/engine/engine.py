"""The whole work, blocking: look at the files, renew the session, reconcile the remote secrets.

One implementation for both: the agent's lanes call `look`, `renew` and `reconcile` in worker threads, the command line
calls `cycle` when no agent runs. Each part owns its own facts behind its own lock, so the three may run at the same
time and a slow server delays neither the env cache nor a renewal.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from amika_agent.activity.diary import Diary
from amika_agent.activity.log import ActivityLog
from amika_agent.engine.account import AccountPart
from amika_agent.engine.decisions import Decisions
from amika_agent.engine.errands import Errands
from amika_agent.engine.inquiries import Inquiries
from amika_agent.engine.local import LocalPart
from amika_agent.engine.owner_process import running_names, starter
from amika_agent.engine.owners import OwnersWatch
from amika_agent.engine.remote import RemotePart
from amika_agent.engine.services import OTHERS, OtherServices
from amika_agent.engine.vault import VaultPart
from amika_agent.snapshot import state
from amika_agent.snapshot.facts import LocalFacts
from amika_agent.sync.rules import QUEUES
from amika_local.errors import AmikaError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from amika_agent.clock import Clock
    from amika_agent.settings import Settings
    from amika_agent.sync.journal import SyncDb
    from amika_local.discovery import Discovery
    from amika_local.secret import Secret
    from amika_shared.profile import Profile


class Engine:
    """Everything that one profile needs done.

    profile  folders of the profile
    env      environment of this process: never a client's
    clock    time source
    role     "agent" or "cli": how early the session is renewed
    caller   named in the activity log as the one who did it: "agent", "amika sync"
    running  names of the processes that run now, to tell which owners of logins look after them
    """

    def __init__(
        self,
        profile: Profile,
        env: Mapping[str, str],
        clock: Clock,
        role: Literal["agent", "cli"],
        *,
        caller: str = "",
        running: Callable[[], frozenset[str]] = running_names,
    ) -> None:
        self.profile = profile
        self.env = env
        self.clock = clock
        self.role = role
        self._opening = threading.Lock()
        self._opened: SyncDb | None = None
        self._left_behind: list[SyncDb] = []
        self._owners = OwnersWatch(running, starter(env, profile.home), self._note)
        self._local = LocalPart(profile, env, clock, self._db, self._owners if role == "agent" else None)
        self._account = AccountPart(profile, env, clock, role, self._local.settings)
        self._others = OtherServices(profile, env, clock, self._local.settings, self._account)
        self._remote = RemotePart(self._account, clock, self._db, self._local.pause.until, self._local.settings)
        activity = ActivityLog(profile.activity_db, clock)
        self._diary = Diary(activity, caller or ("agent" if role == "agent" else "amika"))
        self._sign_in_asked_by = ""
        self.decisions = Decisions(profile, clock, self._db, self._account.account, self._diary)
        self._vault = VaultPart(profile, env, clock, activity)
        self.errands = Errands(self._account, self._db)
        self.inquiries = Inquiries(self._discovery, self._local.settings, activity, clock)

    def look(self) -> bool:
        """Read every source and bring the env cache up to date. Needs neither network nor keyring.

        Return True when something changed that concerns what is pushed. A source that fails becomes a problem of the
        snapshot; nothing is raised for it.
        """
        changed, facts = self._local.look()
        self._note_look(facts)
        return changed

    @property
    def queues(self) -> tuple[str, ...]:
        """The providers whose secrets are brought up to date, each by itself."""
        return QUEUES

    @property
    def has_looked(self) -> bool:
        """Whether anything is known of this machine's files yet."""
        return self._local.facts is not None

    def look_due(self) -> float | None:
        """Return when (epoch seconds) to look again although no file changes, or None."""
        return None if self._local.facts is None else self._local.facts.due_at

    def renew(self, *, force: bool = False) -> bool:
        """Renew the session when it is due; True when the account changed.

        A failure becomes a problem of the snapshot.
        """
        self._local.about_to_look("session")
        changed = self._account.renew(force=force)
        self._diary.account(self._account.facts.who)
        self._others.renew()
        self.note_services()
        return changed

    def note_services(self) -> None:
        """Read the logins of the services beside Amika again, and note what has changed."""
        self._others.look()
        there = {account["service"]: account for account in self._others.facts.accounts}
        for service in OTHERS:
            account = there.get(service, {})
            self._diary.account({**account, "authenticated": account.get("signed_in") is True}, service)

    def renew_due(self) -> float | None:
        """Return when (epoch seconds) the session wants to be renewed, or None."""
        due = [at for at in (self._account.facts.due_at, self._others.due_at) if at is not None]
        return min(due, default=None)

    def reconcile(self, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """Bring the remote secrets up to date and return what was done, or with `dry_run` what would be.

        Each entry: {"rule", "action", "provider", "type", "scope", "name", "detail", "ok"}; with `dry_run` an action of
        the plan: {"kind", "rule", "provider", "type", "scope", "name", "code", "reason", …}. Never a value.

        Raises:
            AmikaError: only with `dry_run`; otherwise a failure becomes a problem of the snapshot.

        """
        if dry_run:
            actions: list[dict[str, Any]] = self.preview()["actions"]
            return actions
        self._reconcile(again=None)
        return self._remote.last

    def reconcile_queue(self, name: str) -> None:
        """Bring the remote secrets of one of `QUEUES` up to date; a failure becomes a problem of the snapshot."""
        self._reconcile_queue(name, again=None)

    def queue_due(self, name: str) -> float | None:
        """Return when (epoch seconds) that queue has to go on, or None."""
        return self._remote.due_at(name)

    def preview(self) -> dict[str, Any]:
        """Look, then return the plan: {"offline": bool, "actions": […]}. Sends nothing but listings.

        Raises:
            NotSignedIn: nobody is signed in.
            AmikaError: the servers cannot be used.

        """
        self.look()
        return self._remote.preview(self._discovery(), self._settings())

    def outcomes(self) -> list[dict[str, Any]]:
        """Return what the last reconciliation did."""
        return self._remote.last

    def cycle(self, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """Do `look`, `renew` and `reconcile` in this order and return what `reconcile` returned.

        A credential that has just changed is waited for, at most 2 s.

        Raises:
            AmikaError: only with `dry_run`.

        """
        self.look()
        self.renew()
        if dry_run:
            return self.reconcile(dry_run=True)
        self._reconcile(again=self._looked_again)
        return self._remote.last

    def snapshot(self) -> dict[str, Any]:
        """Return the present facts in the shape of `amika_shared.snapshot.Snapshot`; reads memory only."""
        return state.build(
            state.Facts(
                self.profile,
                self.clock.now(),
                self._account.facts,
                self._local.facts,
                self._remote.facts,
                None if self._local.facts is None else self._local.facts.paused_until,
                self._others.facts,
            )
        )

    def sign_in(
        self,
        cancel: threading.Event,
        *,
        choose_organization: Callable[[list[dict[str, str]]], str | None] | None = None,
        organization: str | None = None,
        service: str = "amika",
    ) -> Iterator[dict[str, Any]]:
        """Yield the events of one sign-in to Amika, or to another `service`.

        {"event":"code","user_code","verification_uri","verification_uri_complete","expires_at","interval","joined"},
        {"event":"waiting","message"}, {"event":"choose_organization","organizations":[{"id","name"}]},
        {"event":"done","email","organization_id"}: the session is on disk before "done" is yielded.

        Raises:
            AmikaError: denied, expired, cancelled, unreachable.

        """
        if service != "amika":
            for event in self._others.sign_in(service, cancel):
                if event["event"] == "done":
                    with self._diary.asked_by(self._sign_in_asked_by or self._diary.caller):
                        self.note_services()
                yield event
            return
        for event in self._account.sign_in(cancel, choose_organization, organization):
            if event["event"] == "done":
                with self._diary.asked_by(self._sign_in_asked_by or self._diary.caller):
                    self._diary.account(self._account.facts.who)
            yield event

    def sign_out_of(self, service: str) -> dict[str, Any]:
        """Sign out of a service beside Amika; return {"was_signed_in", "revoked", "detail"}.

        Raises:
            UsageError: no such service.
            Failed: the login is still there.

        """
        result = self._others.sign_out(service)
        self.note_services()
        return result

    def sign_out(self) -> dict[str, Any]:
        """Revoke at the server, then forget locally. Idempotent.

        Returns {"was_signed_in": bool, "revoked": bool | None, "detail": str, "left_remotely": [names of pushed
        secrets]}. Open replacements are finished first where that is possible.
        """
        left = [pushed.name for pushed in self._remote.facts.pushed.values()]
        facts = self._local.facts
        try:
            self._remote.finish_open(None if facts is None else facts.discovery, self._settings())
        except AmikaError:
            left += self._remote.left_open()
        result = self._account.sign_out()
        self._diary.account(self._account.facts.who)
        return {**result, "left_remotely": sorted(set(left))}

    def asked_by(self, caller: str) -> AbstractContextManager[None]:
        """Name `caller` in the activity log as the one who asked for what is done meanwhile."""
        return self._diary.asked_by(caller)

    def sign_in_asked_by(self, caller: str) -> None:
        """Name `caller` in the activity log as the one who asked for the sign-in that comes next."""
        self._sign_in_asked_by = caller

    def secret_put(self, key: str, value: Secret, scope: str, caller: str) -> dict[str, Any]:
        """Store a secret in the vault for `caller`; return {"key", "scope", "source"}.

        Raises:
            UsageError: refused name, scope or value.
            Failed: no store can be used.

        """
        return self._vault.put(key, value, scope, caller)

    def secret_list(self, scope: str | None) -> dict[str, Any]:
        """Return {"secrets": [{"key", "scope", "source", "stored_at"}]} of one scope, or of both (None)."""
        return self._vault.list(scope)

    def connections(self) -> dict[str, Any]:
        """Return {"connections": […]}, each with the vault keys that it lacks."""
        return self._vault.connections()

    def watch(self, on_change: Callable[[frozenset[str]], None]) -> None:
        """Call `on_change`, from a thread of its own, with the lanes ("local", "session") that a change concerns."""
        self._local.watch(on_change)

    def unwatch(self) -> None:
        """End `watch`."""
        self._local.unwatch()

    def overlooked(self) -> frozenset[str]:
        """Return the lanes for which something changed unnoticed since this was last asked."""
        found = self._local.overlooked()
        return found | {"remote"} if self._remote.overlooked() else found

    def close_services(self) -> None:
        """Give back connections and stop a local workspace that this engine started; what runs meanwhile fails."""
        self._account.close()

    def close(self) -> None:
        """Give back everything; nothing may run any more."""
        self.close_services()
        self._owners.close()
        self._diary.close()
        with self._opening:
            opened = [*self._left_behind, *([self._opened] if self._opened is not None else [])]
            self._left_behind, self._opened = [], None
        for db in opened:
            db.close()

    def _db(self) -> SyncDb:
        from amika_agent.sync.journal import SyncDb

        with self._opening:
            if self._opened is not None and self._opened.is_elsewhere():
                self._left_behind.append(self._opened)  # another thread may be reading it
                self._opened = None
            if self._opened is None:
                self._opened = SyncDb(self.profile.sync_db, self.clock)
            return self._opened

    def _discovery(self) -> Discovery:
        return self._present().discovery

    def _reconcile(self, again: Callable[[], Discovery] | None) -> None:
        for name in self._remote.order(self._settings()):
            self._reconcile_queue(name, again)

    def _reconcile_queue(self, name: str, again: Callable[[], Discovery] | None) -> None:
        before = self._remote.facts.outcomes
        done, added = self._remote.reconcile(name, self._discovery(), self._settings(), again=again)
        email = str(self._account.facts.who.get("email") or "")
        self._diary.rules((), added, "sync.auto_push asks for it", email)
        self._diary.outcomes(before, done, email)

    def _note(self, what: str, subject: str, why: str) -> None:
        self._diary.note(what, subject, why)

    def _seen_as(self, value: str) -> str:
        return self._db().fingerprint(value, "seen")

    def _note_look(self, facts: LocalFacts) -> None:
        with contextlib.suppress(AmikaError):  # without the key of the fingerprints nothing can be compared
            self._diary.credentials(self.profile.home, facts.discovery, self._seen_as)
        self._diary.cached(facts.env_cache)

    def _present(self) -> LocalFacts:
        """Return what is known of this machine; the first who asks looks, and what that changes is noted like any.

        Who asks during that look waits for it: all lanes begin at once, and one look is enough for them.
        """
        if self._local.facts is None:
            first, facts = self._local.look(unless_known=True)
            if first:
                self._note_look(facts)
        return self._local.present()

    def _looked_again(self) -> Discovery:
        self.look()
        return self._discovery()

    def _settings(self) -> Settings:
        return self._present().settings
