"""What became of an action, as the agent and the command line tell it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amika_agent.sync import plan
from amika_agent.sync.guards import NEEDS, Stop
from amika_agent.sync.plan import Action
from amika_agent.sync.records import Hold, Pending
from amika_agent.sync.replace import Result, State
from amika_local.credential import Problem
from amika_local.errors import AmikaError


@dataclass(frozen=True)
class Outcome:
    """What became of one action.

    rule      id of the rule; "" for a push without one
    did       "created", "replaced", "updated", "unchanged", "deleted", "adopted", "finished", "swept",
              "waiting", "blocked", "failed"
    reason    a sentence for the person
    problem   what the person should do something about, or None
    due_at    epoch seconds at which looking again may change it, or None
    code      stable word for `reason`
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
    code: str = ""


def told(action: Action) -> Outcome:
    """Return the outcome of an action that sends nothing."""
    did = {plan.KEEP: "unchanged", plan.WAIT: "waiting", plan.FINISH: "waiting"}.get(action.kind, "blocked")
    problem = None
    if action.kind == plan.BLOCKED:
        problem = Problem(action.code, action.reason, source=action.provider, remedy=action.remedy)
    return Outcome(
        action.rule, action.provider, action.type, action.scope, action.name,
        did, action.reason, problem, action.remote_id, action.due_at, action.code,
    )  # fmt: skip


def stored(action: Action, did: str) -> Outcome:
    """Return the outcome of a generic secret that is stored now; `did`: "created" or "updated"."""
    is_first = action.code in ("new", "takes_over")
    reason = action.reason if not is_first else TAKEN if did == "updated" else FIRST
    return replace(told(action), did=did, reason=reason)


def became(entry: Pending, hold: Hold | None = None, *, finished: bool = False, again: bool = False) -> Outcome:
    """Return the outcome of a replacement: done, refused, or still open.

    Args:
        entry: where it stands.
        hold: what stopped it.
        finished: an interrupted one was resumed.
        again: this machine had stored it before.

    """
    done = entry.txn.state is State.DONE
    did, reason, code = _ENDS[entry.txn.result] if done else _OPEN
    if not done and entry.txn.final_id is not None:
        did, reason, code = "replaced", "in place; one temporary record is left and will be deleted", "left_over"
    elif did == "replaced" and finished:
        did, reason = "finished", "an interrupted replacement was finished"
    elif did == "replaced" and entry.bridge is None:
        did, reason = "created", AGAIN if again else FIRST
    problem = None
    if code in _PROBLEMS:
        code, reason = (hold.code, hold.message) if hold else (code, reason)
        problem = Problem(code, reason, source=entry.provider, remedy=hold.remedy if hold else _REMEDIES[code])
    return Outcome(
        entry.rule, entry.provider, entry.type, entry.scope, entry.name,
        did, reason, problem, entry.txn.final_id, entry.retry_at, code,
    )  # fmt: skip


def stopped(outcome: Outcome, stop: Stop) -> Outcome:
    """Return the outcome of a replacement that is still open, where it waits for a person and not for time."""
    if outcome.code != "pending" or stop.weight != NEEDS:
        return outcome
    problem = Problem(stop.code, stop.reason, source=outcome.provider, remedy=stop.remedy)
    return replace(outcome, did="blocked", reason=stop.reason, problem=problem, code=stop.code)


def failed(action: Action, error: AmikaError, code: str = "") -> Outcome:
    """Return the outcome of an action the server refused; `code` is that of the hold that follows from it."""
    code = code or error.code
    problem = Problem(code, error.message, source=action.provider, remedy=error.remedy)
    return replace(told(action), did="failed", reason=error.message, problem=problem, code=code)


FIRST = "for the first time"
AGAIN = "again, since it was no longer there"
TAKEN = "the name was in use; what was stored there is replaced"
_OPEN = ("waiting", "a replacement is open; it goes on as soon as it can", "pending")
_ENDS = {
    Result.OPEN: ("failed", "nothing was changed", "nothing"),
    Result.REPLACED: ("replaced", "it is what is here now", "replaced"),
    Result.ADOPTED: ("adopted", "a record found under the name was taken as ours", "adopted"),
    Result.REFUSED: ("failed", "the server refused it; nothing was changed", "refused"),
    Result.ABANDONED: ("failed", "it was given up; the old record is in place", "abandoned"),
    Result.CONTESTED: ("blocked", "another machine or person replaced it at the same time", "contested"),
}
_REMEDIES = {
    "pending": "It goes on by itself; `amika sync` tries at once.",
    "refused": "Check the value and its type.",
    "abandoned": "Look at what is stored, and try again.",
    "contested": "Let one machine keep it, or give them different names.",
}
_PROBLEMS = frozenset(_REMEDIES)
