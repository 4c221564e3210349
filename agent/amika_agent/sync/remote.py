"""The remote lane of one account: plans, replaces, recovers; the same code in agent and CLI, under the same locks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_agent.stores.amika_api import NoSuchSecret, SecretsApi
from amika_agent.stores.private_file import locked
from amika_agent.sync import generic, guards, once, plan, removal, rules
from amika_agent.sync.apply import BACK_OFF, Offer, Replacements
from amika_agent.sync.facts import FactsReader
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.outcome import Outcome, became, failed, told
from amika_agent.sync.plan import Action, Facts, Listed, Plan, Settings
from amika_agent.sync.records import Pending, Sent
from amika_agent.sync.replace import State, Txn
from amika_agent.sync.resolve import resolve
from amika_agent.sync.rules import GENERIC, ORG, PROVIDERS, SCOPES, USER, Rule
from amika_local.credential import Problem
from amika_local.errors import Busy, Failed, NotSignedIn, Unreachable
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_local.discovery import Discovery

__all__ = ["Outcome", "RemoteSync"]

LOCK_DEADLINE = 30.0
_NO_TXN = Txn("", State.CREATE)
_QUIET = ("unchanged", "waiting", "blocked")


class RemoteSync:
    """Everything that is sent for one account.

    Args:
        db: rules, ledger and journal.
        api: the account's secrets.
        account: whose rules are applied; nothing recorded under another key is ever sent here.
        clock: time source.
        settings: what the person decided about pushing; may be replaced between runs.
        paused: asked before every action: the end of the pause (epoch seconds) or None. Another process may pause.

    """

    def __init__(
        self,
        db: SyncDb,
        api: SecretsApi,
        account: AccountKey,
        clock: Clock,
        settings: Settings | None = None,
        *,
        paused: Callable[[], float | None] | None = None,
    ) -> None:
        self._db = db
        self._api = api
        self._account = account.text
        self._clock = clock
        self._facts = FactsReader(db, account.text, clock)
        self._replacements = Replacements(db, api, account.text, clock)
        self._silent_runs = 0
        self._due: float | None = None
        self._paused = paused
        self._settings = settings or Settings()

    @property
    def settings(self) -> Settings:
        """What the person decided, with the pause as it is now."""
        if self._paused is None:
            return self._settings
        return replace(self._settings, paused_until=self._paused())

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings

    def plan(self, discovery: Discovery) -> Plan:
        """Return what `run` would do now; sends nothing but listings, and does without them when offline.

        Raises:
            NotSignedIn: the server rejected the sign-in.

        """
        listing: dict[str, list[Listed]] = {}
        for provider in {rule.provider for rule in self._facts.wanted(discovery, self.settings)}:
            try:
                listing[provider] = self._list(provider)
            except Unreachable:
                continue
        return plan.plan(self._facts.read(discovery, self.settings, listing))

    def run(
        self,
        discovery: Discovery,
        *,
        fresh: bool = True,
        again: Callable[[], Discovery] | None = None,
        only: Collection[str] | None = None,
    ) -> list[Outcome]:
        """Resume what is open, then do what the plan says. Being offline is an outcome, not an error.

        Args:
            discovery: what the sources give.
            fresh: list even when nothing changed here, to see what was changed elsewhere.
            again: discovers once more; given, a credential that has just changed is waited for (at most 2 s).
            only: ids of the rules to look after; None for all.

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        outcomes = self._run(discovery, fresh=fresh, only=only)
        settling = [o.due_at for o in outcomes if o.code == "settling" and o.due_at is not None]
        if again is not None and settling:
            self._clock.sleep(min(2.0, max(0.0, max(settling) - self._clock.now())))
            outcomes = self._run(again(), fresh=fresh, only=only)
        return outcomes

    def recover(self, discovery: Discovery | None = None) -> list[Outcome]:
        """Resume open replacements only. Without `discovery` no value is at hand and only safe steps are made.

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        outcomes: list[Outcome] = []
        for provider, scope in self._open_groups():
            outcomes += self._guarded(provider, scope, partial(self._finish, provider, scope, discovery))
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
        blank = Pending("", provider, type_, rules.checked_scope(scope), rules.checked_name(name), _NO_TXN, 0.0)
        offer = once.offered(blank, value, self._db.fingerprint, self._clock.now(), force=force)
        with self._locked(provider, scope):
            mine = {pushed.remote_id for pushed in self._db.pushed(self._account).values()}
            consent = once.Consent(gap_accepted, frozenset({*mine, take_over}))
            opened = [entry for entry in self._db.pending(self._account) if entry.key == blank.key]
            blank = replace(blank, since=self._clock.now())
            return once.push(self._replacements, blank, offer, opened, partial(self._list, provider), consent)

    def delete(self, provider: str, secret_id: str) -> None:
        """Delete a provider secret; an open replacement of it is closed first, under the same lock.

        Raises:
            NotFound: no such id.

        """
        record = next((r for r in self._list(provider) if r.id == secret_id), None)
        if record is None:
            raise NoSuchSecret("there is no such secret", status=404)
        bridge = rules.bridge_of(record.name) or rules.Bridge("", record.name, record.scope)
        with self._locked(provider, bridge.scope):
            for entry in self._db.pending(self._account):
                if entry.key == (provider, bridge.scope, bridge.name):
                    self._replacements.close(entry)
            self._api.delete_provider(provider, secret_id)
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
        with self._locked(rule.provider, rule.scope):
            for entry in self._db.pending(self._account):
                if entry.rule == rule_id:
                    after = self._replacements.drive(entry, None, look=True, wanted=False)
                    self._db.commit(self._account, replace(after, rule=""))
            self._db.forget_rule(self._account, rule_id)

    def forget_everything(self) -> list[Outcome]:
        """Delete every provider secret this machine has pushed, empty the generic ones, and remove all rules.

        A rule stays when its secret could not be dealt with; calling again goes on with the rest.

        Raises:
            NotSignedIn: the server rejected the sign-in.

        """
        mine = [(rule.provider, rule.scope) for rule in self._db.rules(self._account)]
        outcomes: list[Outcome] = []
        for provider, scope in dict.fromkeys([*self._open_groups(), *mine]):
            outcomes += self._guarded(provider, scope, partial(self._retract, provider, scope))
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

        """
        rule = self._db.rule(self._account, rule_id)
        record = None
        if choice in ("adopt", "accept"):
            facts = self._facts.read(discovery, self.settings, {rule.provider: self._list(rule.provider)})
            record = facts.record(rule.provider, rule.scope, rule.name)
        resolve(self._db, self._account, rule, choice, discovery, record)

    def due_at(self) -> float | None:
        """Return when to look again although nothing happened (settling, back-off, late requests), or None."""
        times = [entry.retry_at for entry in self._db.pending(self._account) if entry.retry_at is not None]
        times += list(self._db.sweeps(self._account).values())
        times += [self._due] if self._due is not None else []
        return max(min(times), self._not_before) if times else None

    def _retract(self, provider: str, scope: str) -> list[Outcome]:
        for entry in self._db.pending(self._account):
            if (entry.provider, entry.scope) == (provider, scope):
                self._replacements.close(entry)
        return removal.retract(self._db, self._api, self._account, provider, scope, self._list(provider))

    # --- one run

    def _run(self, discovery: Discovery, *, fresh: bool, only: Collection[str] | None) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for provider, scope in self._groups(discovery, fresh=fresh, only=only):
            outcomes += self._guarded(provider, scope, partial(self._group, provider, scope, discovery, only))
        shown = {outcome.rule for outcome in outcomes}
        for action in plan.plan(self._facts.read(discovery, self.settings)).actions:
            if action.rule and action.rule not in shown and (only is None or action.rule in only):
                outcomes.append(told(action))
        self._due = min((o.due_at for o in outcomes if o.due_at is not None), default=None)
        return outcomes

    def _open_groups(self) -> list[tuple[str, str]]:
        """Return (provider, scope) of open replacements; an organization that has none comes first."""
        pairs = {(entry.provider, entry.scope) for entry in self._db.pending(self._account)}
        return sorted(pairs, key=lambda pair: (pair[1] != ORG, pair))

    def _groups(self, discovery: Discovery, *, fresh: bool, only: Collection[str] | None) -> list[tuple[str, str]]:
        """Return the (provider, scope) pairs that need the server."""
        facts = self._facts.read(discovery, self.settings)
        open_first = self._open_groups()
        sweeps = self._db.sweeps(self._account).items()
        late = [(provider, scope) for provider, due in sweeps if due <= facts.now for scope in SCOPES]
        if facts.paused is not None:
            late = []
        known = {rule.id for rule in self._db.rules(self._account)}
        need = {
            (action.provider, action.scope)
            for action in plan.plan(facts).actions
            if action.code != "paused"
            and (fresh or action.code == "unlisted" or action.kind in plan.SENDING or action.rule not in known)
        }
        if only is not None:
            need &= {(rule.provider, rule.scope) for rule in facts.rules if rule.id in only}
        return list(dict.fromkeys([*open_first, *sorted({*late, *need})]))

    def _guarded(self, provider: str, scope: str, work: Callable[[], list[Outcome]]) -> list[Outcome]:
        """Do the work under its lock; what goes wrong for now becomes an outcome of each of its rules."""
        try:
            with self._locked(provider, scope):
                outcomes = work()
        except NotSignedIn:
            raise
        except (Unreachable, Busy) as error:
            self._silent_runs += 1
            self._not_before = self._clock.now() + BACK_OFF[min(self._silent_runs, len(BACK_OFF)) - 1]
            return self._failures(provider, scope, "waiting", error, self._not_before)
        except Failed as error:
            return self._failures(provider, scope, "failed", error, None)
        self._silent_runs = 0
        self._not_before = 0.0
        return outcomes

    def _failures(self, provider: str, scope: str, did: str, error: Failed, due_at: float | None) -> list[Outcome]:
        problem = Problem(error.code, error.message, source=provider, remedy=error.remedy)
        mine = [r for r in self._db.rules(self._account) if (r.provider, r.scope) == (provider, scope)]
        known = [(r.id, r.type, r.name) for r in mine] or [("", "", "")]
        return [
            Outcome(rule, provider, type_, scope, name, did, error.message, problem, None, due_at, error.code)
            for rule, type_, name in known
        ]

    def _group(self, provider: str, scope: str, discovery: Discovery, only: Collection[str] | None) -> list[Outcome]:
        outcomes = self._finish(provider, scope, discovery)
        listing = {provider: self._list(provider)}
        self._facts.add_wanted(provider, discovery, self.settings, listing[provider])
        facts = self._facts.read(discovery, self.settings, listing)
        for action in plan.plan(facts).actions:
            mine = (action.provider, action.scope) == (provider, scope) and action.kind != plan.FINISH
            if mine and (only is None or not action.rule or action.rule in only):
                held = plan.held(action, self.settings, self._clock.now())
                outcomes.append(told(held) if held is not None else self._perform(action, facts))
        due = self._db.sweeps(self._account).get(provider)
        if scope == USER and due is not None and due <= self._clock.now():  # the last of the two to be looked at
            self._db.put_sweep(self._account, provider, None)
        finished = {outcome.rule for outcome in outcomes if outcome.did not in _QUIET}
        return [o for o in outcomes if o.did != "unchanged" or o.rule not in finished]

    def _finish(self, provider: str, scope: str, discovery: Discovery | None) -> list[Outcome]:
        """Resume the open replacements of a provider and scope, with the newest accepted value where there is one."""
        outcomes = []
        by_id = {rule.id: rule for rule in self._db.rules(self._account)}
        for entry in self._db.pending(self._account):
            if (entry.provider, entry.scope) != (provider, scope):
                continue
            rule = by_id.get(entry.rule)
            offer = self._offer(rule, discovery) if rule is not None and discovery is not None else None
            after = self._replacements.drive(entry, offer, look=True, wanted=rule is not None)
            outcomes.append(became(after, finished=True))
        return outcomes

    def _offer(self, rule: Rule, discovery: Discovery) -> Offer | None:
        # an open replacement ends even while paused
        facts = self._facts.read(discovery, replace(self.settings, paused_until=None))
        verdict = guards.judge(replace(rule, paused_until=None), facts)
        if isinstance(verdict, guards.Stop) or guards.may_send(rule, facts, verdict) is not None:
            return None
        return _offered(verdict)

    def _perform(self, action: Action, facts: Facts) -> Outcome:
        if action.kind not in plan.SENDING:
            return told(action)
        if action.kind in (plan.SWEEP, plan.DELETE):
            return removal.remove(self._db, self._api, self._account, action)
        rule = self._db.rule(self._account, action.rule)
        verdict = guards.judge(rule, facts)
        if isinstance(verdict, guards.Stop):
            return told(action)
        if rule.source_account is None and verdict.credential.account is not None:
            rule = replace(rule, source_account=verdict.credential.account)
            self._db.put_rule(self._account, rule)
        if rule.provider == GENERIC:
            return self._push_generic(action, _offered(verdict))
        blank = Pending(rule.id, rule.provider, rule.type, rule.scope, rule.name, _NO_TXN, self._clock.now())
        entry = self._replacements.start(blank, action.remote_id)
        return became(self._replacements.drive(entry, _offered(verdict), look=False))

    def _push_generic(self, action: Action, offer: Offer) -> Outcome:
        try:
            did, pushed = generic.push(self._api, action, offer, self._clock)
        except Unreachable:
            raise
        except Failed as error:
            return failed(action, error)
        self._db.put_pushed(self._account, pushed)
        return replace(told(action), did=did, remote_id=pushed.remote_id)

    def _locked(self, provider: str, scope: str) -> AbstractContextManager[int]:
        path = self._db.lock_path(self._account, provider, scope)
        return locked(path, deadline=LOCK_DEADLINE, clock=self._clock, what=f"the {provider} secrets")

    def _list(self, provider: str) -> list[Listed]:
        if provider not in PROVIDERS:
            return [Listed(g.id, g.name, rules.VALUE, g.scope, g.updated_at) for g in self._api.list_generic()]
        return [Listed(r.id, r.name, r.type, r.scope) for r in self._api.list_provider(provider)]


def _offered(value: guards.Value) -> Offer:
    sent = Sent(value.fingerprint, value.credential.account, value.credential.expires_at)
    return Offer(value.secret, sent)
