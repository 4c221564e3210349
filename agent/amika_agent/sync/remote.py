"""The remote lane of one account: plans, replaces, recovers; the same code in agent and CLI, under the same locks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_agent.stores.amika_api import NoSuchSecret, SecretsApi
from amika_agent.stores.private_file import locked
from amika_agent.sync import guards, payload, plan, rules
from amika_agent.sync.apply import Offer, UserReplacements
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.plan import Action, Facts, Listed, Plan, Settings
from amika_agent.sync.records import Pending, Sent
from amika_agent.sync.replace import Result, State, Txn
from amika_agent.sync.rules import GENERIC, ORG, USER, Rule
from amika_local.credential import Problem
from amika_local.errors import Busy, Failed, NotSignedIn, Unreachable, UsageError
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_local.discovery import Discovery

LOCK_DEADLINE = 30.0


@dataclass(frozen=True)
class Outcome:
    """What became of one action.

    rule      id of the rule; "" for a push without one
    did       "created", "replaced", "updated", "unchanged", "deleted", "adopted", "finished", "swept",
              "waiting", "blocked", "failed"
    reason    a sentence for the person
    problem   what the person should do something about, or None
    due_at    epoch seconds at which looking again may change it, or None
    """

    rule: str
    provider: str
    type: str
    scope: str
    name: str
    did: str
    reason: str
    problem: Problem | None = None
    remote_id: str | None = None
    due_at: float | None = None


class RemoteSync:
    """Everything that is sent for one account.

    Args:
        db: rules, ledger and journal.
        api: the account's secrets.
        account: whose rules are applied; nothing recorded under another key is ever sent here.
        clock: time source.
        settings: what the person decided about pushing; may be replaced between runs.

    """

    def __init__(
        self, db: SyncDb, api: SecretsApi, account: AccountKey, clock: Clock, settings: Settings | None = None
    ) -> None:
        self._db = db
        self._api = api
        self._account = account.text
        self._clock = clock
        self._still: dict[str, tuple[str, str | None, float]] = {}
        self._due: float | None = None
        self._replacements = UserReplacements(db, api, self._account, clock)
        self.settings = settings or Settings()

    def plan(self, discovery: Discovery) -> Plan:
        """Return what `run` would do now; sends nothing but listings, and does without them when offline.

        Raises:
            NotSignedIn: the server rejected the sign-in.

        """
        listing: dict[str, list[Listed]] = {}
        for provider in {rule.provider for rule in self._wanted(discovery)}:
            try:
                listing[provider] = self._list(provider)
            except Unreachable:
                continue
        return plan.plan(self._facts(discovery, listing, added=self._wanted(discovery)))

    def run(
        self, discovery: Discovery, *, fresh: bool = True, again: Callable[[], Discovery] | None = None
    ) -> list[Outcome]:
        """Resume what is open, then do what the plan says. Being offline is an outcome, not an error.

        Args:
            discovery: what the sources give.
            fresh: list even when nothing changed here, to see what was changed elsewhere.
            again: discovers once more; given, a credential that has just changed is waited for (at most 2 s).

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        outcomes = self._run(discovery, fresh=fresh)
        settling = [o.due_at for o in outcomes if o.did == "waiting" and o.due_at is not None and o.reason == _SETTLING]
        if again is not None and settling:
            self._clock.sleep(min(2.0, max(0.0, max(settling) - self._clock.now())))
            outcomes = self._run(again(), fresh=fresh)
        return outcomes

    def recover(self, discovery: Discovery | None = None) -> list[Outcome]:
        """Resume open replacements only. Without `discovery` no value is at hand and only safe steps are made.

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        outcomes: list[Outcome] = []
        for provider, scope in sorted({(e.provider, e.scope) for e in self._db.pending(self._account)}):
            outcomes += self._guarded(provider, scope, lambda p=provider, s=scope: self._finish(p, s, discovery))  # type: ignore[misc]
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

        Raises:
            UsageError: blank, expired or malformed value, refused name or scope, or consent is missing.
            Failed: the server refused it and nothing was changed.
            Unreachable: offline; nothing was changed, or what is open is recorded and `recover` goes on with it.

        """
        name, scope = rules.checked_name(name), rules.checked_scope(scope)
        secret = payload.checked_value(provider, type_, value)
        expires_at = payload.expiry(provider, type_, secret)
        if expires_at is not None and expires_at <= self._clock.now() and not force:
            raise UsageError("the value has expired", remedy="Sign in with its own tool first, or pass --force.")
        if scope == ORG:
            raise Failed("organization scope is not available yet", remedy="Use --scope user.")
        del gap_accepted
        sent = Sent(self._db.fingerprint(secret.reveal()), None, expires_at)
        with self._locked(provider, scope):
            return self._push(
                Pending("", provider, type_, scope, name, _NO_TXN, self._clock.now()), Offer(secret, sent)
            )

    def delete(self, provider: str, secret_id: str) -> None:
        """Delete a provider secret; an open replacement of it is closed first, under the same lock.

        Raises:
            NotFound: no such id.

        """
        record = next((r for r in self._list(provider) if r.id == secret_id), None)
        scope = record.scope if record is not None else USER
        with self._locked(provider, scope):
            for entry in self._db.pending(self._account):
                if record is not None and entry.key == (provider, scope, record.name):
                    self._replacements.drive(entry, None, look=True, wanted=False)
            self._api.delete_provider(provider, secret_id)
            for pushed in self._db.pushed(self._account).values():
                if pushed.remote_id == secret_id:
                    self._db.drop_pushed(self._account, pushed.rule)

    def due_at(self) -> float | None:
        """Return when to look again although nothing happened (settling, back-off, late requests), or None."""
        times = [entry.retry_at for entry in self._db.pending(self._account) if entry.retry_at is not None]
        times += list(self._db.sweeps(self._account).values())
        times += [self._due] if self._due is not None else []
        return min(times, default=None)

    # --- one run

    def _run(self, discovery: Discovery, *, fresh: bool) -> list[Outcome]:
        self._due = None
        outcomes: list[Outcome] = []
        for provider, scope in self._groups(discovery, fresh=fresh):
            outcomes += self._guarded(
                provider,
                scope,
                lambda p=provider, s=scope: self._group(p, s, discovery),  # type: ignore[misc]
            )
        shown = {outcome.rule for outcome in outcomes}
        facts = self._facts(discovery, {})
        for action in plan.plan(facts).actions:
            if action.rule and action.rule not in shown:
                outcomes.append(_told(action))
        dues = [o.due_at for o in outcomes if o.due_at is not None]
        self._due = min(dues, default=None)
        return outcomes

    def _groups(self, discovery: Discovery, *, fresh: bool) -> list[tuple[str, str]]:
        """Return the (provider, scope) pairs that need the server."""
        wanted = self._wanted(discovery)
        groups = {(e.provider, e.scope) for e in self._db.pending(self._account)}
        groups |= {(p, USER) for p, due in self._db.sweeps(self._account).items() if due <= self._clock.now()}
        if fresh:
            return sorted(groups | {(rule.provider, rule.scope) for rule in wanted if not self._is_paused(rule)})
        known = {rule.id for rule in self._db.rules(self._account)}
        groups |= {(rule.provider, rule.scope) for rule in wanted if rule.id not in known}
        for action in plan.plan(self._facts(discovery, {})).actions:
            if action.code == "unlisted" or action.kind in plan.SENDING:
                groups.add((action.provider, action.scope))
        return sorted(groups)

    def _is_paused(self, rule: Rule) -> bool:
        return max(self.settings.paused_until or 0.0, rule.paused_until or 0.0) > self._clock.now()

    def _guarded(self, provider: str, scope: str, work: Callable[[], list[Outcome]]) -> list[Outcome]:
        """Do the work under its lock; what goes wrong for now becomes an outcome of each of its rules."""
        try:
            with self._locked(provider, scope):
                return work()
        except NotSignedIn:
            raise
        except (Unreachable, Busy, Failed) as error:
            did = "waiting" if isinstance(error, (Unreachable, Busy)) else "failed"
            problem = Problem(error.code, error.message, source=provider, remedy=error.remedy)
            return [
                Outcome(r.id, r.provider, r.type, r.scope, r.name, did, error.message, problem)
                for r in self._db.rules(self._account)
                if (r.provider, r.scope) == (provider, scope)
            ]

    def _group(self, provider: str, scope: str, discovery: Discovery) -> list[Outcome]:
        outcomes = self._finish(provider, scope, discovery)
        listing = {provider: self._list(provider)}
        self._add_wanted(provider, discovery, listing[provider])
        facts = self._facts(discovery, listing)
        for action in plan.plan(facts).actions:
            if (action.provider, action.scope) == (provider, scope) and action.kind != plan.FINISH:
                outcomes.append(self._perform(action, facts))
        if self._swept(provider):
            self._db.put_sweep(self._account, provider, None)
        return _without_echo(outcomes)

    def _swept(self, provider: str) -> bool:
        due = self._db.sweeps(self._account).get(provider)
        return due is not None and due <= self._clock.now()

    def _finish(self, provider: str, scope: str, discovery: Discovery | None) -> list[Outcome]:
        """Resume the open replacements of a provider and scope, with the newest accepted value where there is one."""
        outcomes = []
        by_id = {rule.id: rule for rule in self._db.rules(self._account)}
        for entry in self._db.pending(self._account):
            if (entry.provider, entry.scope) != (provider, scope):
                continue
            rule = by_id.get(entry.rule)
            offer = self._offer(rule, discovery) if rule is not None and discovery is not None else None
            if isinstance(offer, guards.Stop):
                offer = None
            after = self._replacements.drive(entry, offer, look=True, wanted=rule is not None)
            outcomes.append(_became(after, finished=True))
        return outcomes

    def _offer(self, rule: Rule, discovery: Discovery) -> Offer | guards.Stop:
        # an open replacement ends even while paused
        facts = replace(self._facts(discovery, {}), settings=replace(self.settings, paused_until=None))
        rule = replace(rule, paused_until=None)
        verdict = guards.judge(rule, facts)
        if isinstance(verdict, guards.Stop):
            return verdict
        stop = guards.may_send(rule, facts, verdict)
        return stop or Offer(verdict.secret, _sent(verdict))

    def _perform(self, action: Action, facts: Facts) -> Outcome:
        if action.kind not in plan.SENDING:
            return _told(action)
        if action.kind in (plan.SWEEP, plan.DELETE):
            return self._delete_listed(action)
        rule = self._db.rule(self._account, action.rule)
        verdict = guards.judge(rule, facts)
        if isinstance(verdict, guards.Stop):
            return _told(action)
        if rule.source_account is None and verdict.credential.account is not None:
            rule = replace(rule, source_account=verdict.credential.account)
            self._db.put_rule(self._account, rule)
        blank = Pending(rule.id, rule.provider, rule.type, rule.scope, rule.name, _NO_TXN, self._clock.now())
        entry = self._replacements.start(blank, action.remote_id)
        return _became(self._replacements.drive(entry, Offer(verdict.secret, _sent(verdict)), look=False))

    def _push(self, blank: Pending, offer: Offer) -> Outcome:
        for entry in self._db.pending(self._account):
            if entry.key == blank.key:
                after = self._replacements.drive(entry, offer, look=True)
                if after.txn.state is not State.DONE:
                    return _became(after)
        record = next((r for r in self._list(blank.provider) if (r.name, r.scope) == (blank.name, blank.scope)), None)
        entry = self._replacements.start(blank, record.id if record else None)
        outcome = _became(self._replacements.drive(entry, offer, look=False))
        if outcome.did == "failed":
            raise Failed(outcome.reason, remedy=outcome.problem.remedy if outcome.problem else "")
        return outcome

    def _delete_listed(self, action: Action) -> Outcome:
        try:
            self._api.delete_provider(action.provider, action.remote_id or "")
        except NoSuchSecret:
            pass
        except Failed as error:
            if isinstance(error, Unreachable):
                raise
            problem = Problem(error.code, error.message, source=action.provider, remedy=error.remedy)
            return replace(_told(action), did="failed", reason=error.message, problem=problem)
        if action.rule:
            self._db.drop_pushed(self._account, action.rule)
        return replace(_told(action), did="swept" if action.kind == plan.SWEEP else "deleted", problem=None)

    # --- facts

    def _locked(self, provider: str, scope: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- a context manager
        path = self._db.lock_path(self._account, provider, scope)
        return locked(path, deadline=LOCK_DEADLINE, clock=self._clock, what=f"the {provider} secrets")

    def _list(self, provider: str) -> list[Listed]:
        if provider == GENERIC:
            return [Listed(g.id, g.name, rules.VALUE, g.scope, g.updated_at) for g in self._api.list_generic()]
        return [Listed(r.id, r.name, r.type, r.scope) for r in self._api.list_provider(provider)]

    def _facts(self, discovery: Discovery, listing: dict[str, list[Listed]], added: Iterable[Rule] = ()) -> Facts:
        known = self._db.rules(self._account)
        everything = [*known, *(rule for rule in added if rule.id not in {k.id for k in known})]
        facts = Facts(
            rules=everything,
            credentials=discovery.credentials,
            problems=discovery.problems,
            now=self._clock.now(),
            machine=self._db.machine_id,
            fingerprint=self._db.fingerprint,
            settings=self.settings,
            ledger=self._db.pushed(self._account),
            listing=listing,
            pending=self._db.pending(self._account),
            holds=self._db.holds(self._account),
        )
        gone = {rule.id: at for rule in everything if (at := self._gone_since(rule, discovery, facts.now)) is not None}
        return replace(facts, still_since=self._stillness(facts), gone_since=gone)

    def _gone_since(self, rule: Rule, discovery: Discovery, now: float) -> float | None:
        """Absence is a logout only while the directory is there and its owner keeps the login in that file."""
        state = discovery.files.get((rule.source, rule.path))
        there = any(rule.takes(credential) for credential in discovery.credentials)
        blank = any(problem.source == rule.source for problem in discovery.problems)
        missing = state == "absent" and os.path.isdir(os.path.dirname(rule.path))
        absent = not there and not blank and (missing or state == "ok")
        return self._db.absent_since(f"rule|{self._account}|{rule.id}", now, absent=absent)

    def _stillness(self, facts: Facts) -> dict[str, float]:
        """Return since when each rule's credential and its account have been what they are now."""
        since: dict[str, float] = {}
        for rule in facts.rules:
            found = next((c for c in facts.credentials if rule.takes(c)), None)
            if found is None:
                continue
            mark = self._db.fingerprint((found.record or found.value).reveal(), "still")
            known = self._still.get(rule.id)
            if known is None or known[0] != mark:
                at = min(facts.now, _changed_at(found.path, facts.now))
            elif known[1] != found.account:
                at = facts.now
            else:
                at = min(known[2], facts.now)
            self._still[rule.id] = (mark, found.account, at)
            since[rule.id] = at
        return since

    def _wanted(self, discovery: Discovery) -> list[Rule]:
        """Return the account's rules and those that `auto_push` would add."""
        known = self._db.rules(self._account)
        added: list[Rule] = []
        for credential in discovery.credentials:
            provider = rules.pushable_as(credential)
            if provider in self.settings.auto_push and not any(r.takes(credential) for r in (*known, *added)):
                added.append(rules.rule_for(credential, taken=[r.id for r in (*known, *added)]))
        return [*known, *added]

    def _add_wanted(self, provider: str, discovery: Discovery, records: list[Listed]) -> None:
        known = {rule.id for rule in self._db.rules(self._account)}
        for rule in self._wanted(discovery):
            if rule.id not in known and rule.provider == provider:
                self._db.put_rule(self._account, rules.beside(rule, [r.name for r in records if r.scope == rule.scope]))


_SETTLING = "it has just changed"
_NO_TXN = Txn("", State.CREATE)


def _without_echo(outcomes: list[Outcome]) -> list[Outcome]:
    """Drop "unchanged" for a rule whose open replacement has just been finished."""
    finished = {outcome.rule for outcome in outcomes if outcome.did != "unchanged"}
    return [outcome for outcome in outcomes if outcome.did != "unchanged" or outcome.rule not in finished]


def _sent(value: guards.Value) -> Sent:
    return Sent(value.fingerprint, value.credential.account, value.credential.expires_at)


def _changed_at(path: str, now: float) -> float:
    """Return when the file was last written or put in place; a rename sets the inode's change time."""
    try:
        info = os.stat(path)
    except OSError:
        return now
    at = max(info.st_mtime, info.st_ctime)
    return min(at, now)


def _told(action: Action) -> Outcome:
    did = {plan.KEEP: "unchanged", plan.WAIT: "waiting", plan.FINISH: "waiting"}.get(action.kind, "blocked")
    problem = None
    if action.kind == plan.BLOCKED:
        problem = Problem(action.code, action.reason, source=action.provider, remedy=action.remedy)
    return Outcome(
        action.rule, action.provider, action.type, action.scope, action.name,
        did, action.reason, problem, action.remote_id, action.due_at,
    )  # fmt: skip


def _became(entry: Pending, *, finished: bool = False) -> Outcome:
    """Return the outcome of a replacement: done, refused, or still open."""
    did, reason, problem = _ENDS.get((entry.txn.state is State.DONE, entry.txn.result), _OPEN)
    if entry.txn.state is State.RELEASE and entry.txn.final_id is not None:
        did, reason, problem = "replaced", "in place; one temporary record is left and will be deleted", None
    if did == "replaced" and finished and entry.txn.state is State.DONE:
        did, reason = "finished", "an interrupted replacement was finished"
    elif did == "replaced" and entry.txn.state is State.DONE and entry.bridge is None:
        did, reason = "created", "created"
    told = None if problem is None else Problem(problem, reason, source=entry.provider)
    return Outcome(
        entry.rule, entry.provider, entry.type, entry.scope, entry.name,
        did, reason, told, entry.txn.final_id, entry.retry_at,
    )  # fmt: skip


_OPEN = ("waiting", "a replacement is open; it goes on as soon as it can", "pending")
_ENDS: dict[tuple[bool, Result], tuple[str, str, str | None]] = {
    (True, Result.REPLACED): ("replaced", "replaced", None),
    (True, Result.ADOPTED): ("adopted", "a record found under the name was taken as ours", None),
    (True, Result.REFUSED): ("failed", "the server refused the value; nothing was changed", "value_refused"),
    (True, Result.ABANDONED): ("failed", "the old record could not be deleted; nothing was changed", "delete_refused"),
    (True, Result.CONTESTED): ("blocked", "another machine keeps replacing the same secret", "contested"),
}
