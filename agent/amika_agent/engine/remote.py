"""The remote part of the engine: the rules of the signed-in account and what became of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amika_agent.back_off import BackOff
from amika_agent.snapshot.facts import RemoteFacts
from amika_agent.snapshot.rule_state import marks
from amika_agent.sync.rules import QUEUES
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Busy, NotSignedIn, Unreachable
from amika_shared.redaction import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amika_agent.accounts.amika import AccountKey
    from amika_agent.clock import Clock
    from amika_agent.engine.account import AccountPart, Services
    from amika_agent.settings import Settings
    from amika_agent.sync.journal import SyncDb
    from amika_agent.sync.outcome import Outcome
    from amika_agent.sync.plan import Plan
    from amika_agent.sync.records import Pending
    from amika_agent.sync.remote import RemoteSync
    from amika_agent.sync.rules import Rule
    from amika_local.discovery import Discovery

SPACING = 2.0  # seconds between two pushes of one rule
PATIENCE = 10.0  # seconds that a sign-out waits for a push that is under way
REJECTED_AGAIN = 300.0  # a new sign-in is seen at once; this is for a server that was wrong


class _Queue:
    """One provider's queue: what its last reconciliation has seen and done.

    lock  held by the one who works
    done  what the last reconciliation did; `told`: what the last one that came to an end did
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.back_off = BackOff()
        self.done: list[Outcome] = []
        self.told: list[Outcome] = []
        self.seen: tuple[list[Rule], list[Pending]] = ([], [])
        self.marks: Mapping[str, object] = {}
        self.problem: Problem | None = None
        self.silent = False
        self.due_at: float | None = None
        self.busy = False

    def clear(self) -> None:
        """Nothing is known of the account that is signed in now."""
        self.done, self.told, self.seen, self.marks = [], [], ([], []), {}
        self.problem, self.silent, self.due_at = None, False, None

    @property
    def heard(self) -> bool:
        """Whether the server has answered."""
        return any(outcome.did not in ("waiting", "blocked") for outcome in self.told) and not self.silent


class RemotePart:
    """Owner of the remote lanes of this process, one for each provider.

    Args:
        accounts: the servers and the right to use them.
        clock: time.
        db: opens sync.db; raises AmikaError.
        paused: the end of the pause as it is now, or None.
        settings: reads the settings as they are now.

    """

    def __init__(
        self,
        accounts: AccountPart,
        clock: Clock,
        db: Callable[[], SyncDb],
        paused: Callable[[], float | None],
        settings: Callable[[], Settings],
    ) -> None:
        self._accounts = accounts
        self._paused = paused
        self._settings = settings
        self._clock = clock
        self._db = db
        self._making = threading.Lock()
        self._telling = threading.Lock()
        self._sync: tuple[Services, AccountKey, RemoteSync, SyncDb] | None = None
        self._queues = {name: _Queue() for name in QUEUES}
        self.facts = RemoteFacts()

    @property
    def last(self) -> list[dict[str, Any]]:
        """What the last reconciliation did, one object for each action."""
        return [_as_json(outcome) for queue in self._queues.values() for outcome in queue.done]

    def due_at(self, name: str) -> float | None:
        """Return when (epoch seconds) the queue has to go on, or None."""
        return self._queues[name].due_at

    def order(self, settings: Settings) -> Sequence[str]:
        """Return the queues in the order in which one thread goes through them."""
        try:
            sync = self._remote(settings)
            return QUEUES if sync is None else sync.queues()
        except AmikaError:
            return QUEUES  # each of them will say why

    def reconcile(
        self, name: str, discovery: Discovery, settings: Settings, *, again: Callable[[], Discovery] | None
    ) -> tuple[list[Outcome], list[Rule]]:
        """Do what the plan says for one provider. A failure becomes a problem.

        Args:
            name: the provider.
            discovery: what the sources give.
            settings: what the person decided.
            again: given, waits for a credential that has just changed and discovers once more.

        Returns what was done, and the rules that it made by itself.

        """
        queue = self._queues[name]
        with queue.lock:
            queue.busy = bool(queue.seen[0]) or name in settings.words("sync.auto_push")
            self._tell(self.facts)
            try:
                return self._reconciled(name, queue, discovery, settings, again)
            finally:
                queue.busy = False
                self._tell(self._stored())

    def preview(self, discovery: Discovery, settings: Settings) -> dict[str, Any]:
        """Return the plan as JSON; raises AmikaError."""
        sync = self._remote(settings)
        if sync is None:
            raise NotSignedIn("nobody is signed in to Amika", remedy="Sign in: amika auth login")
        plan: Plan = sync.plan(discovery)
        return plan.to_json()

    def finish_open(self, discovery: Discovery | None, settings: Settings, *, patience: float = PATIENCE) -> None:
        """Finish open replacements as far as that is possible, before the account goes.

        Raises:
            Busy: what is on its way to a silent server is not waited for longer than `patience` seconds.
            AmikaError: as `RemoteSync.recover`.

        """
        end = self._clock.monotonic() + patience
        with contextlib.ExitStack() as held:
            for queue in self._queues.values():
                if not queue.lock.acquire(timeout=max(0.0, end - self._clock.monotonic())):
                    raise Busy("what is being stored does not end", remedy="It goes on with the next sign-in.")
                held.callback(queue.lock.release)
            sync = self._remote(settings)
            if sync is not None and self.facts.pending:
                sync.recover(discovery)

    def left_open(self) -> list[str]:
        """Return the names of the secrets whose replacement is open now, by the journal."""
        return [entry.name for entry in self._stored().pending]

    def overlooked(self) -> bool:
        """Tell whether another process changed the rules or the journal since they were last read here."""
        try:
            account = self._accounts.account()
            if account is None:
                return bool(self.facts.rules)
            return any(queue.seen != self._seen(name, account.text) for name, queue in self._queues.items())
        except AmikaError:
            return False

    def _reconciled(
        self,
        name: str,
        queue: _Queue,
        discovery: Discovery,
        settings: Settings,
        again: Callable[[], Discovery] | None,
    ) -> tuple[list[Outcome], list[Rule]]:
        queue.done = []
        try:
            sync = self._remote(settings)
            if sync is None:
                queue.clear()
                return [], []
            known = {rule.id for rule in self._rules(name)}
            queue.done = done = sync.run(discovery, again=again, queue=name)
            added = [rule for rule in self._rules(name) if rule.id not in known]
            if self._sync is None or self._sync[2] is not sync:  # another account meanwhile; its turn comes
                queue.clear()
            else:
                self._note(name, queue, discovery, sync.due_at(name))
        except AmikaError as error:
            self._failed(queue, error)
            return [], []
        queue.back_off.reset()
        return done, added

    def _rules(self, name: str) -> list[Rule]:
        account = self._accounts.account()
        return [] if account is None else self._seen(name, account.text)[0]

    def _seen(self, name: str, account: str) -> tuple[list[Rule], list[Pending]]:
        db = self._db()
        return (
            [rule for rule in db.rules(account) if rule.provider == name],
            [entry for entry in db.pending(account) if entry.provider == name],
        )

    def _failed(self, queue: _Queue, error: AmikaError) -> None:
        if error.code == "other_account" and queue.back_off.fresh:  # not a failure: whoever that is has their turn
            queue.clear()
            queue.due_at = queue.back_off.next(self._clock.now())
            return
        queue.silent = isinstance(error, Unreachable)
        code = "offline" if queue.silent else "remote"
        queue.problem = Problem(code, error.message, source="amika", remedy=error.remedy)
        now = self._clock.now()
        waits = isinstance(error, NotSignedIn) and error.code != "other_account"
        queue.due_at = now + REJECTED_AGAIN if waits else queue.back_off.next(now)

    def _note(self, name: str, queue: _Queue, discovery: Discovery, due_at: float | None) -> None:
        account = self._accounts.account()
        if account is None:
            queue.clear()
            return
        queue.told = queue.done
        queue.seen = self._seen(name, account.text)
        queue.marks = marks(queue.seen[0], discovery.credentials)
        queue.silent = any(o.did == "waiting" and o.problem and o.problem.code == "unreachable" for o in queue.done)
        queue.problem, queue.due_at = None, due_at

    def _tell(self, stored: RemoteFacts) -> None:
        """Put together what the queues know, with what sync.db says."""
        with self._telling:
            queues = self._queues.values()
            self.facts = replace(
                stored,
                outcomes={o.rule or f"{o.provider}/{o.scope}": o for one in queues for o in one.told},
                marks={rule: mark for one in queues for rule, mark in one.marks.items()},
                problems=tuple(one.problem for one in queues if one.problem is not None),
                offline=any(one.silent for one in queues) and not any(one.heard for one in queues),
                busy=any(one.busy for one in queues),
            )

    def _stored(self) -> RemoteFacts:
        """Return what sync.db says; what was last known of it when it cannot be read."""
        try:
            account = self._accounts.account()
            if account is None:
                return RemoteFacts()
            db, key = self._db(), account.text
            return RemoteFacts(db.rules(key), db.pushed(key), db.pending(key), db.holds(key))
        except AmikaError:
            return self.facts

    def _pushed_by_itself(self) -> Sequence[str]:
        return self._settings().words("sync.auto_push")

    def _remote(self, settings: Settings) -> RemoteSync | None:
        from amika_agent.stores.amika_api import SecretsApi
        from amika_agent.sync.facts import PushSettings
        from amika_agent.sync.remote import RemoteSync

        with self._making:
            services = self._accounts.services()
            account = services.authority.account()
            if account is None:
                self._sync = None
                return None
            spacing = SPACING if self._accounts.role == "agent" else 0.0  # what a person asks for waits for nothing
            decided = PushSettings(auto_push=settings.words("sync.auto_push"), spacing=spacing)
            known, db = self._sync, self._db()
            if known is not None and known[0] is services and known[1] == account and known[3] is db:
                known[2].settings = decided
                return known[2]
            # each request by itself: another account may be signed in between two of them
            api = SecretsApi(services.endpoints.api_url, services.authority.bearer_of(account), services.http)
            who = _called(self._accounts.facts.who, account)
            sync = RemoteSync(
                db, api, account, self._clock, decided,
                paused=self._paused, auto_push=self._pushed_by_itself, who=who,
            )  # fmt: skip
            self._sync = (services, account, sync, db)
            for queue in self._queues.values():
                queue.clear()
            return sync


def _called(who: Mapping[str, Any], account: AccountKey) -> str:
    """Return what a person calls the account, or "" when what is known is another's."""
    if (who.get("user_id"), who.get("org_id") or "") != (account.user_id, account.org_id):
        return ""
    names = (who.get("email"), who.get("organization") or who.get("org_id"))
    return plain(", ".join(str(name) for name in names if name))


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "rule": outcome.rule,
        "action": outcome.did,
        "provider": outcome.provider,
        "type": outcome.type,
        "scope": outcome.scope,
        "name": outcome.name,
        "detail": outcome.reason,
        "ok": outcome.problem is None,
    }
