"""What should happen: a pure function of what is on disk, what is wanted, what was pushed and what is listed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import Any

from amika_agent.sync import guards
from amika_agent.sync.facts import Facts, Listed, PushSettings
from amika_agent.sync.records import Pending, Pushed
from amika_agent.sync.rules import GENERIC, ORG, PROVIDERS, Bridge, Rule, bridge_of

# kinds of actions; the first group sends something, the second says why nothing is sent
CREATE = "create"
REPLACE = "replace"
DELETE = "delete"
FINISH = "finish"
SWEEP = "sweep"
KEEP = "keep"
WAIT = "wait"
BLOCKED = "blocked"
WINS = "wins"
SENDING = frozenset({CREATE, REPLACE, DELETE, FINISH, SWEEP})


@dataclass(frozen=True)
class Action:
    """One line of the plan. `code` is a stable word for `reason`; `due_at` is when to look again, if time matters."""

    kind: str
    rule: str
    provider: str
    type: str
    scope: str
    name: str
    code: str
    reason: str
    remedy: str = ""
    remote_id: str | None = None
    due_at: float | None = None


@dataclass(frozen=True)
class Plan:
    """Actions in the order in which they are performed."""

    actions: tuple[Action, ...]
    offline: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return {"offline", "actions": [{"kind", "rule", "name", "reason", …}]}; there is no value in a plan."""
        return {"offline": self.offline, "actions": [dict(vars(action)) for action in self.actions]}


def plan(facts: Facts) -> Plan:
    """Return what should be done: open replacements first, then rules in their order, then left-overs."""
    open_keys = {entry.key for entry in facts.pending}
    finishing = [_finish(entry) for entry in facts.pending]
    wanted = [
        _rule_action(rule, facts) for rule in facts.rules if (rule.provider, rule.scope, rule.name) not in open_keys
    ]
    needed = {rule.provider for rule in facts.rules} - set(facts.listing)
    actions = (*finishing, *wanted, *_left_overs(facts), *_parked(facts))
    return Plan(actions, offline=bool(needed))


def held(action: Action, settings: PushSettings, now: float) -> Action | None:
    """Return the action as it stands when a pause began after the plan was made, or None when it may go on."""
    until = settings.paused_until
    if action.kind not in SENDING or action.kind == FINISH or until is None or until <= now:
        return None
    due_at = until if until < float("inf") else None
    return replace(action, kind=WAIT, code="paused", reason="paused", remedy="amika resume", due_at=due_at)


def _finish(entry: Pending) -> Action:
    return Action(
        FINISH, entry.rule, entry.provider, entry.type, entry.scope, entry.name,
        "open", "a replacement is open and is finished first", due_at=entry.retry_at,
    )  # fmt: skip


def _rule_action(rule: Rule, facts: Facts) -> Action:
    verdict = guards.judge(rule, facts)
    record = facts.record(rule.provider, rule.scope, rule.name)
    last = facts.ledger.get(rule.id)
    if isinstance(verdict, guards.Stop):
        if verdict.weight == guards.GONE:
            return _removal(rule, facts, verdict, last, record)
        kind = {guards.QUIET: KEEP, guards.LATER: WAIT}.get(verdict.weight, BLOCKED)
        return _action(kind, rule, verdict)
    if last is not None and last.fingerprint == verdict.fingerprint:
        return _unchanged(rule, facts, last, record)
    stop = guards.may_send(rule, facts, verdict)
    if stop is not None:
        return _action(WAIT if stop.weight == guards.LATER else BLOCKED, rule, stop)
    if rule.provider not in facts.listing:
        return _action(WAIT, rule, guards.Stop(guards.LATER, "unlisted", "waits for the server's listing"))
    return _send(rule, facts, last, record)


def _removal(rule: Rule, facts: Facts, stop: guards.Stop, last: Pushed | None, record: Listed | None) -> Action:
    """Delete only what this rule has pushed itself."""
    if rule.provider not in facts.listing:
        return _action(WAIT, rule, guards.Stop(guards.LATER, "unlisted", "waits for the server's listing"))
    if record is None or last is None or record.id != last.remote_id:
        return _action(KEEP, rule, guards.Stop(guards.QUIET, "source_gone", "gone here; what is stored is not ours"))
    return _action(DELETE, rule, stop, record.id)


def _send(rule: Rule, facts: Facts, last: Pushed | None, record: Listed | None) -> Action:
    if record is None:
        code, why = ("new", "not pushed yet") if last is None else ("changed", _why_sent(last))
        return _action(CREATE, rule, guards.Stop(guards.LATER, code, why))
    if _is_foreign(rule, last, record):
        what = f"the organization's secret is “{record.name}” ({record.type}), which this machine has not stored"
        remedy = f"To replace it: amika sync resolve {rule.id} accept"
        return _action(BLOCKED, rule, guards.Stop(guards.NEEDS, "take_over", what, remedy), record.id)
    if last is None:
        code, why = ("takes_over", "a secret of that name exists; this machine has not pushed it yet")
    elif not _is_drifted(last, record) or _is_late(facts, last, record):
        code, why = ("changed", _why_sent(last))
    elif last.won:  # the last writer wins once; from then on the two would only take turns
        why = "another machine or person keeps replacing it, and the value here has changed too"
        remedy = f"Let one machine keep it (amika sync forget {rule.id} on the other), or: {_answer(rule)}"
        return _action(BLOCKED, rule, guards.Stop(guards.NEEDS, "contested", why, remedy), record.id)
    else:
        code, why = (WINS, "the value here has changed; somebody else had replaced what is stored")
    return _action(REPLACE, rule, guards.Stop(guards.LATER, code, why), record.id)


def _why_sent(last: Pushed) -> str:
    """Return why it is sent: what it once sent is forgotten when the person has said that what is here counts."""
    return "the value here has changed" if last.fingerprint else "what is here counts, whatever was stored"


def _is_drifted(last: Pushed, record: Listed) -> bool:
    """Tell whether what is stored is not what was last pushed."""
    return record.id != last.remote_id or bool(last.stamp and record.stamp and record.stamp != last.stamp)


def _is_late(facts: Facts, last: Pushed, record: Listed) -> bool:
    """Tell whether a lost request of ours may have changed the record in place."""
    return record.id == last.remote_id and last.provider in facts.late


def _answer(rule: Rule) -> str:
    return f"amika sync resolve {rule.id} restore|adopt"


def _is_foreign(rule: Rule, last: Pushed | None, record: Listed) -> bool:
    """Tell whether an organization's record needs a yes: our right to create it was not proven by us."""
    ours = last is not None and last.remote_id == record.id
    return rule.scope == ORG and rule.provider in PROVIDERS and not ours and rule.take_over != record.id


def _unchanged(rule: Rule, facts: Facts, last: Pushed, record: Listed | None) -> Action:
    if rule.provider not in facts.listing:
        return _action(KEEP, rule, guards.Stop(guards.QUIET, "in_sync", "pushed and unchanged here"), last.remote_id)
    if record is None:
        if any(_is_own(listed, rule, facts.machine) for listed in facts.listing[rule.provider]):
            return _action(
                CREATE, rule, guards.Stop(guards.LATER, "under_temporary_name", "only a temporary one is left")
            )
        remedy = f"Restore it: amika sync resolve {rule.id} restore — or stop: amika sync forget {rule.id}"
        return _action(BLOCKED, rule, guards.Stop(guards.NEEDS, "vanished", "it was deleted elsewhere", remedy))
    if _is_drifted(last, record) and _is_late(facts, last, record):
        why = "an earlier request of ours, whose answer was lost, came late and put an older value there"
        return _action(REPLACE, rule, guards.Stop(guards.LATER, "late", why), record.id)
    if _is_drifted(last, record):
        remedy = f"{_answer(rule)} — or stop: amika sync forget {rule.id}"
        stop = guards.Stop(guards.NEEDS, "replaced_elsewhere", "another machine or person replaced it", remedy)
        return _action(BLOCKED, rule, stop, record.id)
    code = "in_sync" if last.verified else "assumed"
    why = (
        "equal to what is here"
        if last.verified
        else "what is stored there counts as ours, though nobody can read whether it is equal"
    )
    return _action(KEEP, rule, guards.Stop(guards.QUIET, code, why), record.id)


def _is_own(listed: Listed, rule: Rule, machine: str) -> bool:
    bridge = bridge_of(listed.name)
    return bridge is not None and (bridge.machine, bridge.name, bridge.scope) == (machine, rule.name, rule.scope)


def _left_overs(facts: Facts) -> list[Action]:
    """Temporary records nobody works on: ours go once the right name has its record, others' are shown."""
    busy = {entry.txn.bridge for entry in facts.pending}
    actions = []
    for provider, records in facts.listing.items():
        for listed in records:
            bridge = bridge_of(listed.name)
            if provider == GENERIC or bridge is None or listed.name in busy:
                continue
            if bridge.machine != facts.machine:
                kind, code, why = BLOCKED, "left_over_elsewhere", "a temporary record of another machine"
            elif _safe_to_sweep(facts, provider, bridge):
                kind, code, why = SWEEP, "left_over", "a temporary record of ours that is not needed any more"
            else:
                kind, code, why = BLOCKED, "only_copy", "a temporary record of ours, and nothing under the right name"
            remedy = f"Delete it: amika secret {provider} delete {listed.id}" if kind == BLOCKED else ""
            actions.append(
                Action(kind, "", provider, listed.type, bridge.scope, listed.name, code, why, remedy, listed.id)
            )
    return actions


def _safe_to_sweep(facts: Facts, provider: str, bridge: Bridge) -> bool:
    if any(entry.key == (provider, bridge.scope, bridge.name) for entry in facts.pending):
        return False  # its own end decides
    return facts.record(provider, bridge.scope, bridge.name) is not None


def _parked(facts: Facts) -> list[Action]:
    """Show what was kept in sync for another account: nothing of it is sent to this one without a yes."""
    return [
        Action(
            BLOCKED if rule.provider in facts.settings.auto_push else WAIT,
            "", rule.provider, rule.type, rule.scope, rule.name, "parked",
            f"kept in sync for {other}; nothing of it is sent to {facts.account or 'this account'} until you say so",
            f"To keep it in sync for this account too: {_begin(rule)}",
        )
        for rule, other in facts.parked
        if any(rule.takes(credential) for credential in facts.credentials)
    ]  # fmt: skip


def _begin(rule: Rule) -> str:
    """Return the command that makes a rule of this kind."""
    if rule.provider in PROVIDERS:
        return f"amika secret {rule.provider} push"
    scope = " --scope org" if rule.scope == ORG else ""
    return f"amika sync add {rule.source}/{rule.credential} --generic --name {quote(rule.name)}{scope}"


def _action(kind: str, rule: Rule, stop: guards.Stop, remote_id: str | None = None) -> Action:
    return Action(
        kind, rule.id, rule.provider, rule.type, rule.scope, rule.name,
        stop.code, stop.reason, stop.remedy, remote_id, stop.due_at,
    )  # fmt: skip
