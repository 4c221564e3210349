"""The remote lanes of one account: plans, replaces, recovers; the same code in agent and CLI, under the same locks.

Each provider has a lane of its own: one that does not answer delays only what goes there. The agent runs them side by
side, the command line one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_agent.stores.amika_api import NoSuchSecret, SecretsApi
from amika_agent.sync import once, plan, removal, rules
from amika_agent.sync.account import Account
from amika_agent.sync.apply import Replacements
from amika_agent.sync.facts import Listed, PushSettings
from amika_agent.sync.facts_reader import FactsReader, Still, called
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.outcome import Outcome
from amika_agent.sync.plan import Plan
from amika_agent.sync.records import Pending
from amika_agent.sync.replace import NOTHING
from amika_agent.sync.resolve import resolve
from amika_agent.sync.rules import ORG, QUEUES
from amika_agent.sync.runner import Runner
from amika_agent.workers import Workers
from amika_local.errors import Unreachable
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_local.discovery import Discovery

__all__ = ["Outcome", "RemoteSync"]


class RemoteSync:
    """Everything that is sent for one account. One thread for each of `QUEUES` may be inside `run` at a time.

    Args:
        db: rules, ledger and journal.
        api: the account's secrets.
        account: whose rules are applied; nothing recorded under another key is ever sent here.
        clock: time source.
        settings: what the person decided about pushing; may be replaced between runs.
        paused: asked before every action: the end of the pause (epoch seconds) or None. Another process may pause.
        auto_push: asked before rules are made: for which providers that is wanted. Another process may end it, and then
            forgets what was made.
        who: what a person calls the account, "" when that is not known; shown when another account is signed in.

    """

    def __init__(
        self,
        db: SyncDb,
        api: SecretsApi,
        account: AccountKey,
        clock: Clock,
        settings: PushSettings | None = None,
        *,
        paused: Callable[[], float | None] | None = None,
        auto_push: Callable[[], Sequence[str]] | None = None,
        who: str = "",
    ) -> None:
        self._db = db
        self._account = account.text
        self._clock = clock
        self._its = Account(db, api, account.text, clock)
        self._paused = paused
        self._auto_push = auto_push
        self._settings = settings or PushSettings()
        still: dict[str, Still] = {}
        self._runners = {one: Runner(self._its, one, clock, lambda: self.settings, still) for one in QUEUES}
        self._facts = FactsReader(db, account.text, clock, still=still)
        self._replacements = Replacements(db, api, account.text, clock)
        if who and db.meta(called(account.text)) != who:
            db.put_meta(called(account.text), who)

    @property
    def settings(self) -> PushSettings:
        """What the person decided, with the pause as it is now, and what is pushed by itself."""
        now = self._settings
        if self._paused is not None:
            now = replace(now, paused_until=self._paused())
        return now if self._auto_push is None else replace(now, auto_push=tuple(self._auto_push()))

    @settings.setter
    def settings(self, settings: PushSettings) -> None:
        self._settings = settings

    def plan(self, discovery: Discovery) -> Plan:
        """Return what `run` would do now; sends nothing but listings, and does without those it cannot have.

        Raises:
            NotSignedIn: the server rejected the sign-in.

        """
        providers = sorted({rule.provider for rule in self._facts.wanted(discovery, self.settings)})
        with Workers(len(QUEUES), "listing") as pool:
            listed = dict(zip(providers, pool.map(self._listed, providers), strict=True))
        listing = {provider: records for provider, records in listed.items() if records is not None}
        return plan.plan(self._facts.read(discovery, self.settings, listing))

    def _listed(self, provider: str) -> list[Listed] | None:
        try:
            return self._its.list(provider)
        except Unreachable:
            return None

    def run(
        self,
        discovery: Discovery,
        *,
        fresh: bool = True,
        again: Callable[[], Discovery] | None = None,
        only: Collection[str] | None = None,
        queue: str = "",
    ) -> list[Outcome]:
        """Resume what is open, then do what the plan says. Being offline is an outcome, not an error.

        Args:
            discovery: what the sources give.
            fresh: list even when nothing changed here, to see what was changed elsewhere.
            again: discovers once more; given, a credential that has just changed is waited for (at most 2 s).
            only: ids of the rules to look after; None for all.
            queue: the provider to look after; "" for all, one after another.

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        outcomes = self._run(queue, discovery, fresh=fresh, only=only)
        settling = [o.due_at for o in outcomes if o.code == "settling" and o.due_at is not None]
        if again is not None and settling:
            self._clock.sleep(min(2.0, max(0.0, max(settling) - self._clock.now())))
            outcomes = self._run(queue, again(), fresh=fresh, only=only)
        return outcomes

    def _run(self, queue: str, discovery: Discovery, *, fresh: bool, only: Collection[str] | None) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for one in (queue,) if queue else self.queues():
            outcomes += self._runners[one].run(discovery, fresh=fresh, only=only)
        return outcomes

    def queues(self) -> list[str]:
        """Return the providers in the order for one thread: where an organization may have none comes first."""
        return sorted(QUEUES, key=lambda one: self._runners[one].open_scopes()[:1] != [ORG])

    def recover(self, discovery: Discovery | None = None) -> list[Outcome]:
        """Resume open replacements only. Without `discovery` no value is at hand and only safe steps are made.

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        outcomes: list[Outcome] = []
        for runner in [self._runners[one] for one in self.queues()]:
            for scope in runner.open_scopes():
                outcomes += runner.guarded(scope, partial(runner.finish, scope, discovery))
        return outcomes

    def push_once(
        self,
        provider: str,
        type_: str,
        name: str,
        scope: str,
        value: Secret,
        *,
        force: bool = False,
        gap_accepted: bool = False,
        take_over: str = "",
    ) -> Outcome:
        """Create or replace one provider secret from an explicit value, without a rule.

        Args:
            provider: "claude" or "codex".
            type_: "oauth" or "api_key".
            name: remote name.
            scope: "user" or "org".
            value: what the person gave; of an OAuth record only the receiver's part is sent.
            force: send even what has expired.
            gap_accepted: org scope: the person agreed to the gap.
            take_over: org scope: id of somebody else's record that the person agreed to replace.

        Raises:
            UsageError: blank, expired or malformed value, refused name or scope, or consent is missing.
            Conflict: org scope: the record there is not ours; the text names it, `take_over` replaces it.
            Failed: the server refused it and nothing was changed.
            Unreachable: offline; nothing was changed, or what is open is recorded and `recover` goes on with it.

        """
        blank = Pending("", provider, type_, rules.checked_scope(scope), rules.checked_name(name), NOTHING, 0.0)
        offer = once.offered(blank, value, self._db.fingerprint, self._clock.now(), force=force)
        with self._its.locked(provider, scope):
            mine = {pushed.remote_id for pushed in self._db.pushed(self._account).values()}
            consent = once.Consent(gap_accepted, frozenset({*mine, take_over}))
            opened = [entry for entry in self._db.pending(self._account) if entry.key == blank.key]
            blank = replace(blank, since=self._clock.now())
            return once.push(self._replacements, blank, offer, opened, partial(self._its.list, provider), consent)

    def delete(self, provider: str, secret_id: str) -> None:
        """Delete a provider secret; an open replacement of it is closed first, under the same lock.

        Raises:
            NotFound: no such id.

        """
        record = next((r for r in self._its.list(provider) if r.id == secret_id), None)
        if record is None:
            raise NoSuchSecret("there is no such secret", status=404)
        bridge = rules.bridge_of(record.name) or rules.Bridge("", record.name, record.scope)
        with self._its.locked(provider, bridge.scope):
            for entry in self._db.pending(self._account):
                if entry.key == (provider, bridge.scope, bridge.name):
                    self._replacements.close(entry)
            self._its.api.delete_provider(provider, secret_id)
            for pushed in self._db.pushed(self._account).values():
                if pushed.remote_id == secret_id:
                    self._db.drop_pushed(self._account, pushed.rule)

    def forget(self, rule_id: str) -> None:
        """Remove a rule; what is stored stays. An open replacement of it is given up, or stays as a left-over.

        Raises:
            NotFound: no such rule.
            Unreachable: its open replacement could not be looked at; the rule stays.

        """
        rule = self._db.rule(self._account, rule_id)
        with self._its.locked(rule.provider, rule.scope):
            for entry in self._db.pending(self._account):
                if entry.rule == rule_id:
                    after = self._replacements.drive(entry, None, look=True, wanted=False)
                    self._db.commit(self._account, replace(after, rule=""))
            self._db.forget_rule(self._account, rule_id)

    def take_back(self, rule_id: str) -> Outcome | None:
        """Delete the secret that a rule has pushed (a generic one is emptied), and remove the rule.

        Returns:
            What became of the secret; with a `problem` it is still there, and so is the rule. None: the rule is
            removed, and nothing of ours was stored.

        Raises:
            NotFound: no such rule.
            NotSignedIn: the server rejected the sign-in.

        """
        rule = self._db.rule(self._account, rule_id)
        work = partial(self._retract, rule.provider, rule.scope, [rule_id])
        outcomes = self._runners[rule.provider].guarded(rule.scope, work)
        return next((outcome for outcome in outcomes if outcome.rule == rule_id), None)

    def forget_everything(self) -> list[Outcome]:
        """Delete every provider secret this machine has pushed, empty the generic ones, and remove all rules.

        A rule stays when its secret could not be dealt with; calling again goes on with the rest.

        Raises:
            NotSignedIn: the server rejected the sign-in.

        """
        outcomes: list[Outcome] = []
        for provider, runner in self._runners.items():
            mine = [rule.scope for rule in self._db.rules(self._account) if rule.provider == provider]
            for scope in dict.fromkeys([*runner.open_scopes(), *mine]):
                outcomes += runner.guarded(scope, partial(self._retract, provider, scope))
        return outcomes

    def resolve(self, rule_id: str, choice: str, discovery: Discovery) -> None:
        """Answer what a rule asks; the next `run` acts on it.

        Args:
            rule_id: the rule.
            choice: "accept" (another account, path, an older value, the gap), "restore" (push ours again), "adopt"
                (take what is there for ours), "keep" or "delete" (the source is gone).
            discovery: what the sources give now: that is what is accepted.

        Raises:
            NotFound: no such rule.
            UsageError: no such choice, or it does not fit.
            Busy: what is being pushed does not end within 30 s.

        """
        rule = self._db.rule(self._account, rule_id)
        # under the lock: a push that ends meanwhile would be taken for somebody else's, a rule forgotten would be back
        with self._its.locked(rule.provider, rule.scope):
            record = None
            if choice in ("adopt", "accept"):
                facts = self._facts.read(discovery, self.settings, {rule.provider: self._its.list(rule.provider)})
                record = facts.record(rule.provider, rule.scope, rule.name)
            resolve(self._db, self._account, self._db.rule(self._account, rule_id), choice, discovery, record)

    def due_at(self, queue: str = "") -> float | None:
        """Return when to look again although nothing happened (settling, back-off, late requests), or None."""
        times = [self._runners[one].due_at() for one in ((queue,) if queue else QUEUES)]
        return min((at for at in times if at is not None), default=None)

    def _retract(self, provider: str, scope: str, only: Collection[str] | None = None) -> list[Outcome]:
        for entry in self._db.pending(self._account):
            if (entry.provider, entry.scope) == (provider, scope) and (only is None or entry.rule in only):
                self._replacements.close(entry)
        return removal.retract(self._its, provider, scope, only)
