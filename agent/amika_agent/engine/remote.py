"""The remote part of the engine: the rules of the signed-in account and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amika_agent.back_off import BackOff
from amika_agent.snapshot.rule_state import marks
from amika_local.credential import Problem
from amika_local.errors import AmikaError, NotSignedIn, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amika_agent.accounts.amika import AccountKey
    from amika_agent.clock import Clock
    from amika_agent.engine.account import AccountPart, Services
    from amika_agent.settings import Settings
    from amika_agent.sync.journal import SyncDb
    from amika_agent.sync.plan import Plan
    from amika_agent.sync.records import Hold, Pending, Pushed
    from amika_agent.sync.remote import Outcome, RemoteSync
    from amika_agent.sync.rules import Rule
    from amika_local.discovery import Discovery

SPACING = 2.0  # seconds between two pushes of one rule
REJECTED_AGAIN = 300.0  # a new sign-in is seen at once; this is for a server that was wrong


@dataclass(frozen=True)
class RemoteFacts:
    """What is known of the account's pushed secrets.

    outcomes  what became of each rule when it was last looked at, by rule id; "provider/scope" where there is no rule
    marks     what each rule would have pushed then
    problems  why the last reconciliation ended early
    busy      a reconciliation is under way
    """

    rules: Sequence[Rule] = ()
    pushed: Mapping[str, Pushed] = field(default_factory=dict)
    pending: Sequence[Pending] = ()
    holds: Mapping[str, Hold] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    marks: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    offline: bool = False
    due_at: float | None = None
    busy: bool = False


class RemotePart:
    """Owner of the remote lane of this process.

    done   what the last reconciliation did
    added  rules that it made by itself

    Args:
        accounts: the servers and the right to use them.
        clock: time.
        db: opens sync.db; raises AmikaError.
        paused: the end of the pause as it is now, or None.

    """

    def __init__(
        self, accounts: AccountPart, clock: Clock, db: Callable[[], SyncDb], paused: Callable[[], float | None]
    ) -> None:
        self._accounts = accounts
        self._paused = paused
        self._clock = clock
        self._db = db
        self._lock = threading.Lock()
        self._sync: tuple[Services, AccountKey, RemoteSync] | None = None
        self._back_off = BackOff()
        self.done: list[Outcome] = []
        self.added: list[Rule] = []
        self.facts = RemoteFacts()

    @property
    def last(self) -> list[dict[str, Any]]:
        """What the last reconciliation did, one object for each action."""
        return [_as_json(outcome) for outcome in self.done]

    def reconcile(self, discovery: Discovery, settings: Settings, *, again: Callable[[], Discovery] | None) -> None:
        """Do what the plan says. A failure becomes a problem; `again` waits for a credential that just changed."""
        with self._lock:
            self.done, self.added = [], []
            before = self.facts
            self.facts = _with(before, busy=bool(before.rules or settings.words("sync.auto_push")))
            try:
                self.facts = self._reconciled(discovery, settings, again)
            finally:
                self.facts = _with(self.facts, busy=False)

    def preview(self, discovery: Discovery, settings: Settings) -> dict[str, Any]:
        """Return the plan as JSON; raises AmikaError."""
        with self._lock:
            sync = self._remote(settings)
            if sync is None:
                raise NotSignedIn("nobody is signed in to Amika", remedy="Sign in: amika auth login")
            plan: Plan = sync.plan(discovery)
            return plan.to_json()

    def finish_open(self, discovery: Discovery | None, settings: Settings) -> None:
        """Finish open replacements as far as that is possible, before the account goes."""
        with self._lock:
            sync = self._remote(settings)
            if sync is not None and self.facts.pending:
                sync.recover(discovery)

    def listed(self, provider: str) -> dict[str, Any]:
        """Return {"secrets": [{"id","name","type","scope","rule"}]} of "claude" or "codex" as the server lists them.

        Raises:
            NotSignedIn: nobody is signed in here by a session, which is what every process of this profile shares.
            AmikaError: the server cannot be used.

        """
        from amika_agent.stores.amika_api import SecretsApi

        services = self._accounts.services()
        authority, account = services.authority, services.authority.account()
        if account is None or authority.method != "session":
            raise NotSignedIn("the agent has no session to ask with", remedy="Sign in: amika auth login")
        api = SecretsApi(services.endpoints.api_url, lambda force: authority.bearer(force=force), services.http)
        rules = {(r.name, r.scope): r.id for r in self._db().rules(account.text) if r.provider == provider}
        found = api.list_provider(provider)
        return {"secrets": [{**vars(secret), "rule": rules.get((secret.name, secret.scope))} for secret in found]}

    def overlooked(self) -> bool:
        """Tell whether another process changed the rules or the journal since they were last read here."""
        try:
            account = self._accounts.account()
            if account is None:
                return bool(self.facts.rules)
            db = self._db()
            return list(self.facts.rules) != db.rules(account.text) or list(self.facts.pending) != db.pending(
                account.text
            )
        except AmikaError:
            return False

    def _reconciled(
        self, discovery: Discovery, settings: Settings, again: Callable[[], Discovery] | None
    ) -> RemoteFacts:
        try:
            sync = self._remote(settings)
            if sync is None:
                return RemoteFacts()
            known = {rule.id for rule in self._rules()}
            self.done = sync.run(discovery, again=again)
            self.added = [rule for rule in self._rules() if rule.id not in known]
        except Unreachable as error:
            return self._failed(error, offline=True, due_at=self._back_off.next(self._clock.now()))
        except NotSignedIn as error:
            return self._failed(error, offline=False, due_at=self._clock.now() + REJECTED_AGAIN)
        except AmikaError as error:
            return self._failed(error, offline=False, due_at=self._back_off.next(self._clock.now()))
        self._back_off.reset()
        return self._read(discovery, sync.due_at())

    def _rules(self) -> list[Rule]:
        account = self._accounts.account()
        return [] if account is None else self._db().rules(account.text)

    def _failed(self, error: AmikaError, *, offline: bool, due_at: float | None) -> RemoteFacts:
        problem = Problem("offline" if offline else "remote", error.message, source="amika", remedy=error.remedy)
        return _with(self.facts, offline=offline, due_at=due_at, problems=(problem,))

    def _read(self, discovery: Discovery, due_at: float | None) -> RemoteFacts:
        account = self._accounts.account()
        if account is None:
            return RemoteFacts()
        db, key = self._db(), account.text
        outcomes = {outcome.rule or f"{outcome.provider}/{outcome.scope}": outcome for outcome in self.done}
        offline = any(o.did == "waiting" and o.problem and o.problem.code == "unreachable" for o in self.done)
        rules = db.rules(key)
        return RemoteFacts(
            rules,
            db.pushed(key),
            db.pending(key),
            db.holds(key),
            outcomes,
            marks(rules, discovery.credentials),
            offline=offline,
            due_at=due_at,
        )

    def _remote(self, settings: Settings) -> RemoteSync | None:
        from amika_agent.stores.amika_api import SecretsApi
        from amika_agent.sync.plan import Settings as PushSettings
        from amika_agent.sync.remote import RemoteSync

        services = self._accounts.services()
        account = services.authority.account()
        if account is None:
            self._sync = None
            return None
        spacing = SPACING if self._accounts.role == "agent" else 0.0  # what a person asks for waits for nothing
        decided = PushSettings(auto_push=settings.words("sync.auto_push"), spacing=spacing)
        if self._sync is not None and self._sync[0] is services and self._sync[1] == account:
            self._sync[2].settings = decided
            return self._sync[2]
        authority = services.authority
        api = SecretsApi(services.endpoints.api_url, lambda force: authority.bearer(force=force), services.http)
        sync = RemoteSync(self._db(), api, account, self._clock, decided, paused=self._paused)
        self._sync = (services, account, sync)
        return sync


def _with(facts: RemoteFacts, **changes: Any) -> RemoteFacts:  # noqa: ANN401 -- fields of RemoteFacts
    from dataclasses import replace

    return replace(facts, **changes)


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
