"""One run of the remote lane of one provider: what is open first, then what the plan says, scope by scope."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_agent.http.client import NoAnswer
from amika_agent.stores.amika_api import Refused, Undecided
from amika_agent.sync import generic, guards, plan, removal
from amika_agent.sync.account import Account
from amika_agent.sync.apply import BACK_OFF, NO_ROOM, Offer, Replacements
from amika_agent.sync.facts import Facts, PushSettings
from amika_agent.sync.facts_reader import FactsReader, Still
from amika_agent.sync.journal import LATE
from amika_agent.sync.outcome import Outcome, became, failed, stopped, stored, told
from amika_agent.sync.plan import Action
from amika_agent.sync.records import Hold, Pending, Sent
from amika_agent.sync.replace import NOTHING
from amika_agent.sync.rules import GENERIC, ORG, SCOPES, USER, Rule
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Busy, Failed, NotSignedIn, Unreachable

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

REFUSED_AGAIN = 300.0  # seconds
_QUIET = ("unchanged", "waiting", "blocked")


class Runner:
    """Performs plans for one provider of one account; what it waits for delays no other runner.

    Args:
        account: rules, ledger, journal and the server's secrets.
        provider: "claude", "codex" or "generic".
        clock: time source.
        settings: returns what the person decided, with the pause as it is now.
        still: what the runners of the account remember together; see `FactsReader`.

    """

    def __init__(
        self,
        account: Account,
        provider: str,
        clock: Clock,
        settings: Callable[[], PushSettings],
        still: dict[str, Still],
    ) -> None:
        self._its = account
        self._provider = provider
        self._db = account.db
        self._account = account.key
        self._clock = clock
        self._settings = settings
        self.facts = FactsReader(account.db, account.key, clock, provider, still)
        self.replacements = Replacements(account.db, account.api, account.key, clock)
        self._silent_runs = 0
        self._not_before = 0.0
        self._due: float | None = None

    def due_at(self) -> float | None:
        """Return when to look again although nothing happened, or None. Never a time that was already tried."""
        times = [entry.retry_at for entry in self._pending() if entry.retry_at is not None]
        late = self._db.sweeps(self._account).get(self._provider)
        if late is not None and (self._settings().paused_until or 0.0) <= self._clock.now():  # swept after the pause
            times.append(late)
        times += [self._due] if self._due is not None else []
        return max(min(times), self._not_before) if times else None

    def run(self, discovery: Discovery, *, fresh: bool, only: Collection[str] | None) -> list[Outcome]:
        """Resume what is open, then do what the plan says; see `RemoteSync.run`."""
        outcomes: list[Outcome] = []
        before = self._silent_runs
        for scope in self._scopes(discovery, fresh=fresh, only=only):
            outcomes += self.guarded(scope, partial(self._scope, scope, discovery, only))
        if self._silent_runs == before:
            self._silent_runs, self._not_before = 0, 0.0
        shown = {outcome.rule for outcome in outcomes}
        for action in plan.plan(self.facts.read(discovery, self._settings())).actions:
            unseen = action.rule and action.rule not in shown and (only is None or action.rule in only)
            if unseen or (action.code == "parked" and only is None):
                outcomes.append(told(action))
        self._due = min((o.due_at for o in outcomes if o.due_at is not None), default=None)
        return outcomes

    def open_scopes(self) -> list[str]:
        """Return the scopes of open replacements; an organization that has none comes first."""
        return sorted({entry.scope for entry in self._pending()}, key=lambda scope: scope != ORG)

    def _pending(self) -> list[Pending]:
        return [entry for entry in self._db.pending(self._account) if entry.provider == self._provider]

    def _scopes(self, discovery: Discovery, *, fresh: bool, only: Collection[str] | None) -> list[str]:
        """Return the scopes that need the server."""
        facts = self.facts.read(discovery, self._settings())
        open_first = self.open_scopes()
        due = self._db.sweeps(self._account).get(self._provider)
        late = SCOPES if due is not None and due <= facts.now and facts.paused is None else ()
        known = {rule.id for rule in self._db.rules(self._account)}
        need = {
            action.scope
            for action in plan.plan(facts).actions
            if action.code not in ("paused", "parked")
            and (fresh or action.code == "unlisted" or action.kind in plan.SENDING or action.rule not in known)
        }
        if only is not None:
            need &= {rule.scope for rule in facts.rules if rule.id in only}
        return list(dict.fromkeys([*open_first, *sorted({*late, *need})]))

    def guarded(self, scope: str, work: Callable[[], list[Outcome]]) -> list[Outcome]:
        """Do the work under its lock; what goes wrong for now becomes an outcome of each of its rules."""
        try:
            with self._its.locked(self._provider, scope):
                return work()
        except NotSignedIn:
            raise
        except (Unreachable, Busy) as error:
            return self._waits(scope, error, 0.0)
        except Failed as error:
            if isinstance(error, Refused) and error.passes:
                return self._waits(scope, error, error.retry_after or 0.0)
            # a right that was given back, an address that was repaired: nobody tells
            return self._failures(scope, "failed", error, self._clock.now() + REFUSED_AGAIN)

    def _waits(self, scope: str, error: Failed, asked: float) -> list[Outcome]:
        """Go on later, ever less often, and not before the `asked` seconds are over."""
        self._silent_runs += 1
        pause = BACK_OFF[min(self._silent_runs, len(BACK_OFF)) - 1]
        self._not_before = self._clock.now() + max(pause, asked)
        return self._failures(scope, "waiting", error, self._not_before)

    def _failures(self, scope: str, did: str, error: Failed, due_at: float | None) -> list[Outcome]:
        provider = self._provider
        problem = Problem(error.code, error.message, source=provider, remedy=error.remedy)
        mine = [r for r in self._db.rules(self._account) if (r.provider, r.scope) == (provider, scope)]
        known = [(r.id, r.type, r.name) for r in mine] or [("", "", "")]
        return [
            Outcome(rule, provider, type_, scope, name, did, error.message, problem, None, due_at, error.code)
            for rule, type_, name in known
        ]

    def _scope(self, scope: str, discovery: Discovery, only: Collection[str] | None) -> list[Outcome]:
        provider = self._provider
        outcomes = self.finish(scope, discovery)
        listing = {provider: self._its.list(provider)}
        self.facts.add_wanted(provider, discovery, self._settings(), listing[provider])
        facts = self.facts.read(discovery, self._settings(), listing)
        for action in plan.plan(facts).actions:
            mine = action.scope == scope and action.kind != plan.FINISH
            mine = mine and action.code != "parked"  # of no scope here: told at the end
            if mine and (only is None or not action.rule or action.rule in only):
                held = plan.held(action, self._settings(), self._clock.now())
                outcomes.append(told(held) if held is not None else self._perform(action, facts))
        due = self._db.sweeps(self._account).get(provider)
        if scope == USER and due is not None and due <= self._clock.now():  # the last of the two to be looked at
            self._db.swept(self._account, provider)
        finished = {outcome.rule for outcome in outcomes if outcome.did not in _QUIET}
        return [o for o in outcomes if o.did != "unchanged" or o.rule not in finished]

    def finish(self, scope: str, discovery: Discovery | None) -> list[Outcome]:
        """Resume the open replacements of a scope, with the newest accepted value where there is one."""
        outcomes = []
        by_id = {rule.id: rule for rule in self._db.rules(self._account)}
        for entry in self._pending():
            if entry.scope != scope:
                continue
            rule = by_id.get(entry.rule)
            judged = self._judged(rule, discovery) if rule is not None and discovery is not None else None
            offer, stop = (judged, None) if isinstance(judged, Offer) else (None, judged)
            later = None if stop is None else stop.due_at
            after = self.replacements.drive(entry, offer, look=True, wanted=rule is not None, later=later)
            outcome = became(after, self._hold(after.rule), finished=True)
            outcomes.append(outcome if stop is None else stopped(outcome, stop))
        return outcomes

    def _judged(self, rule: Rule, discovery: Discovery) -> Offer | guards.Stop | None:
        """Return the newest value if it may be sent, else why not; None when that needs no word."""
        # an open replacement ends even while paused
        facts = self.facts.read(discovery, replace(self._settings(), paused_until=None))
        verdict = guards.judge(replace(rule, paused_until=None), facts)
        stop = verdict if isinstance(verdict, guards.Stop) else guards.may_send(rule, facts, verdict)
        if isinstance(verdict, guards.Value) and stop is None:
            return _offered(verdict)
        return stop

    def _perform(self, action: Action, facts: Facts) -> Outcome:
        if action.kind not in plan.SENDING:
            if action.code in ("in_sync", "assumed") and action.rule in facts.holds:
                self._db.drop_hold(self._account, action.rule)  # the value it was about is no longer here
            return told(action)
        if action.kind in (plan.SWEEP, plan.DELETE):
            return removal.remove(self._its, action)
        rule = self._db.rule(self._account, action.rule)
        verdict = guards.judge(rule, facts)
        if isinstance(verdict, guards.Stop):
            return told(action)
        if rule.source_account is None and verdict.credential.account is not None:
            rule = self._db.change_rule(self._account, rule.id, source_account=verdict.credential.account)
        last = facts.ledger.get(rule.id)
        won = (0 if last is None else last.won) + (action.code == plan.WINS)
        if rule.provider == GENERIC:
            return self._push_generic(action, _offered(verdict), won)
        now = self._clock.now()
        blank = Pending(rule.id, rule.provider, rule.type, rule.scope, rule.name, NOTHING, now, won=won)
        entry = self.replacements.start(blank, action.remote_id)
        after = self.replacements.drive(entry, _offered(verdict), look=False)
        return became(after, self._hold(rule.id), again=last is not None)

    def _hold(self, rule_id: str) -> Hold | None:
        return self._db.holds(self._account).get(rule_id)

    def _push_generic(self, action: Action, offer: Offer, won: int) -> Outcome:
        # until the ledger has the answer, what changes there may be our own doing: also when we are killed meanwhile
        before, late = self._db.sweeps(self._account).get(GENERIC), self._clock.now() + LATE
        self._db.put_sweep(self._account, GENERIC, late)
        try:
            did, pushed = generic.push(self._its.api, action, offer, self._clock)
        except AmikaError as error:
            if not _may_arrive(error):
                self._db.end_sweep(self._account, GENERIC, late, before)
            if not isinstance(error, Refused) or error.passes:
                raise  # no verdict on the value
            code = "no_room" if error.status in NO_ROOM else "value_refused"
            hold = Hold(action.rule, code, error.message, error.remedy, offer.sent.fingerprint, self._clock.now())
            self._db.put_hold(self._account, hold)
            return failed(action, error, code)
        self._db.put_pushed(self._account, replace(pushed, won=won))
        self._db.end_sweep(self._account, GENERIC, late, before)
        return replace(stored(action, did), remote_id=pushed.remote_id)


def _may_arrive(error: AmikaError) -> bool:
    """Tell whether a request may be executed late, over a newer value: it was sent, and its answer says nothing."""
    return isinstance(error, Undecided) or (isinstance(error, NoAnswer) and error.sent)


def _offered(value: guards.Value) -> Offer:
    sent = Sent(value.fingerprint, value.credential.account, value.credential.expires_at)
    return Offer(value.secret, sent)
