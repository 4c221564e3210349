"""Replacing a provider secret, as tables that one loop drives and a model checker proves.

The server has no update. A new value goes up under a temporary name (the bridge), the old record is deleted, the
value is created under the right name, the bridge is deleted: at no moment is there no record. Whatever is not
known (a lost answer, a crash, a 409) is answered by a listing, and RECOVERY says what follows from it.

That is user scope. An organization has one secret per provider, so its old record must go before the new one can
come: GAP_RECOVERY keeps that gap short. There the bridge is a rehearsal in user scope that proves value, type, quota
and right before anything is destroyed.

Pure: no clock, no network, no database. `apply.py` performs, tests/model explores every interleaving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_REDO = 2


class State(StrEnum):
    """What has been committed; each state has exactly one request."""

    BRIDGE = "bridge"
    DELETE_OLD = "delete_old"
    CREATE = "create"
    RELEASE = "release"
    ABANDON = "abandon"
    DONE = "done"


class Answer(StrEnum):
    """What came back of a request."""

    OK = "ok"
    MISSING = "missing"  # 404 of a DELETE: as good as done
    CONFLICT = "conflict"  # 409
    REFUSED = "refused"  # definite: nothing changed
    LATER = "later"  # definite: nothing changed, ask again later (429, not sent, not signed in)
    UNKNOWN = "unknown"  # no answer, 5xx, crash: executed, not executed, or executed some time later


class Result(StrEnum):
    """How a replacement ended."""

    OPEN = ""
    REPLACED = "replaced"
    ADOPTED = "adopted"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    CONTESTED = "contested"


@dataclass(frozen=True)
class Txn:
    """One open replacement: what the journal knows of it. Never a value.

    old_id      the record under the right name that is to go
    bridge      temporary name of this transaction; bridge_id once it is known to exist
    final_id    id under the right name, once created or adopted
    redo        how often a record of unknown value under the right name was replaced again
    contested   how often another machine's record was found under the right name
    unanswered  id -> DELETEs sent for it whose answer never came; such a record may vanish at any moment
    unsure      a POST of the right name was never answered: a record found there may be ours
    bridge_lost a POST of the bridge was never answered: it may appear late
    """

    id: str
    state: State
    old_id: str | None = None
    bridge: str = ""
    bridge_id: str | None = None
    final_id: str | None = None
    redo: int = 0
    contested: int = 0
    unanswered: tuple[tuple[str, int], ...] = ()
    unsure: bool = False
    bridge_lost: bool = False
    result: Result = Result.OPEN

    def condemned(self, record_id: str | None) -> bool:
        """Tell whether an unanswered DELETE may still remove this record."""
        return any(known == record_id for known, _ in self.unanswered)


NOTHING = Txn("", State.CREATE)  # of a replacement that has not begun


@dataclass(frozen=True)
class Request:
    """What a state sends: `method` "POST" with the `name`, or "DELETE" with the `id`."""

    method: str
    name: str = ""
    id: str = ""


@dataclass(frozen=True)
class Seen:
    """A listing as one transaction sees it.

    n        id under the right name, or None
    bridge   id under this transaction's temporary name, or None
    leanable the bridge is there and no unanswered DELETE can take it away
    """

    n: str | None
    bridge: str | None
    leanable: bool


Step = Callable[[Txn, Seen], Txn]


def begin(txn_id: str, bridge: str, old_id: str | None) -> Txn:
    """Return a new transaction: without an old record there is nothing to bridge."""
    if old_id is None:
        return Txn(txn_id, State.CREATE, bridge=bridge)
    return Txn(txn_id, State.BRIDGE, old_id=old_id, bridge=bridge)


def request(txn: Txn, name: str) -> Request:
    """Return the one request of this state; `name` is the right name.

    Raises:
        ValueError: a state that sends nothing: it is over, or has not got the id that it would delete.

    """
    match txn.state:
        case State.BRIDGE:
            return Request("POST", name=txn.bridge)
        case State.DELETE_OLD if txn.old_id:
            return Request("DELETE", id=txn.old_id)
        case State.CREATE:
            return Request("POST", name=name)
        case State.RELEASE | State.ABANDON if txn.bridge_id:
            return Request("DELETE", id=txn.bridge_id)
    raise ValueError(f"no request in {txn.state}")


def sent(txn: Txn, asked: Request) -> Txn:
    """Return what must be committed before `asked` leaves: from now on its effect is possible."""
    if asked.method == "DELETE":
        counts = dict(txn.unanswered)
        counts[asked.id] = counts.get(asked.id, 0) + 1
        return replace(txn, unanswered=tuple(counts.items()))
    return replace(txn, unsure=True) if txn.state is State.CREATE else replace(txn, bridge_lost=True)


# --- the normal path ---------------------------------------------------------------------------------------------


def answered(
    txn: Txn, asked: Request, answer: Answer, new_id: str | None = None, *, first: bool = True
) -> tuple[Txn, bool]:
    """Return the transaction after `answer`, and whether only a listing can tell how to go on.

    Args:
        txn: as committed by `sent`.
        asked: the request.
        answer: what came back.
        new_id: the id of a created record.
        first: False when an earlier POST of the same name was never answered, so that doubt remains.

    """
    if answer is Answer.UNKNOWN:
        return txn, True
    if asked.method == "DELETE":
        return _deleted(_settled(txn, asked.id), answer), False
    if first:  # this answer is definite, and no other POST of this name is in doubt
        txn = replace(txn, unsure=False) if txn.state is State.CREATE else replace(txn, bridge_lost=False)
    return _posted(txn, answer, new_id), answer is Answer.CONFLICT


def _posted(txn: Txn, answer: Answer, new_id: str | None) -> Txn:
    if answer is Answer.OK and new_id:
        return _created(txn, new_id)
    if answer is not Answer.REFUSED or (txn.state is State.CREATE and (txn.bridge_id or txn.unsure)):
        return txn  # of a refused CREATE the server keeps the value under the temporary name until one is accepted
    return replace(txn, state=State.DONE, result=Result.REFUSED)


def _settled(txn: Txn, record_id: str) -> Txn:
    left = ((known, count - (known == record_id)) for known, count in txn.unanswered)
    return replace(txn, unanswered=tuple((known, count) for known, count in left if count > 0))


def _deleted(txn: Txn, answer: Answer) -> Txn:
    if answer in (Answer.OK, Answer.MISSING):
        if txn.state is State.DELETE_OLD:
            return replace(txn, state=State.CREATE)
        return _ended(txn)
    refused = answer is not Answer.LATER and txn.state is State.DELETE_OLD
    # giving up is safe only when no DELETE of the old record can still land after the bridge is gone
    if refused and not txn.condemned(txn.old_id):
        return replace(txn, state=State.ABANDON)
    return txn


def _created(txn: Txn, new_id: str) -> Txn:
    if txn.state is State.BRIDGE:
        return replace(txn, state=State.DELETE_OLD, bridge_id=new_id)
    txn = replace(txn, final_id=new_id, result=Result.REPLACED)
    return replace(txn, state=State.RELEASE if txn.bridge_id else State.DONE)


def _ended(txn: Txn) -> Txn:
    result = Result.ABANDONED if txn.state is State.ABANDON and not txn.result else txn.result
    return replace(txn, state=State.DONE, result=result)


# --- recovery ----------------------------------------------------------------------------------------------------


def observe(txn: Txn, n: str | None, bridge: str | None) -> Seen:
    """Return a listing as `txn` may use it: a condemned bridge is never leaned on."""
    return Seen(n, bridge, leanable=bridge is not None and not txn.condemned(bridge))


def _create(txn: Txn, seen: Seen) -> Txn:
    return replace(txn, state=State.CREATE, bridge_id=seen.bridge)


def _create_bare(txn: Txn, _seen: Seen) -> Txn:
    return replace(txn, state=State.CREATE, bridge_id=None)


def _delete_n(txn: Txn, seen: Seen) -> Txn:
    return replace(txn, state=State.DELETE_OLD, old_id=seen.n, bridge_id=seen.bridge)


def _bridge_again(txn: Txn, seen: Seen) -> Txn:
    return replace(txn, state=State.BRIDGE, old_id=seen.n)


def _start_over(txn: Txn, seen: Seen) -> Txn:
    # an empty name asks the caller for a new id: the old bridge may be condemned, or appear late
    fresh = replace(txn, id="", bridge="", bridge_id=None, final_id=None, result=Result.OPEN)
    return replace(fresh, state=State.BRIDGE, old_id=seen.n, bridge_lost=False)


def _contest(txn: Txn, seen: Seen) -> Txn:
    if txn.contested == 0:
        return replace(_delete_n(txn, seen), contested=1)
    if txn.condemned(seen.n):
        return _delete_n(txn, seen)
    return replace(txn, state=State.ABANDON, bridge_id=seen.bridge, contested=2, result=Result.CONTESTED)


def _redo(txn: Txn, seen: Seen) -> Txn:
    return replace(_delete_n(txn, seen), redo=txn.redo + 1)


def _adopt(txn: Txn, seen: Seen) -> Txn:
    return replace(txn, state=State.DONE, final_id=seen.n, result=Result.ADOPTED)


def _adopt_and_release(txn: Txn, seen: Seen) -> Txn:
    return replace(txn, state=State.RELEASE, final_id=seen.n, bridge_id=seen.bridge, result=Result.ADOPTED)


def _release(txn: Txn, seen: Seen) -> Txn:
    return replace(txn, bridge_id=seen.bridge)


def _done(txn: Txn, _seen: Seen) -> Txn:
    return _ended(txn)


BRIDGE_IS: Mapping[str, Callable[[Txn, Seen], bool]] = {
    "yes": lambda _txn, seen: seen.leanable,
    "no": lambda _txn, seen: not seen.leanable,
    "gone": lambda _txn, seen: seen.bridge is None,
    "any": lambda _txn, _seen: True,
}
N_IS: Mapping[str, Callable[[Txn, Seen], bool]] = {
    "any": lambda _txn, _seen: True,
    "none": lambda _txn, seen: seen.n is None,
    "old": lambda txn, seen: seen.n is not None and seen.n == txn.old_id,
    "other": lambda txn, seen: seen.n is not None and seen.n != txn.old_id,
    "some": lambda _txn, seen: seen.n is not None,
    "condemned": lambda txn, seen: seen.n is not None and txn.condemned(seen.n),
}


@dataclass(frozen=True)
class Row:
    """In one of `states`, when the bridge and the right name look so (and `redo` is small): take `step`."""

    states: tuple[State, ...]
    bridge: str
    n: str
    step: Step
    redo_below: int | None = None

    def fits(self, txn: Txn, seen: Seen) -> bool:
        """Tell whether this row answers what was seen."""
        return (
            txn.state in self.states
            and BRIDGE_IS[self.bridge](txn, seen)
            and N_IS[self.n](txn, seen)
            and (self.redo_below is None or txn.redo < self.redo_below)
        )


_BRIDGE = (State.BRIDGE,)
_DELETE = (State.DELETE_OLD,)
_CREATE = (State.CREATE,)
_CLOSING = (State.RELEASE, State.ABANDON)

RECOVERY: tuple[Row, ...] = (
    Row(_BRIDGE, "yes", "none", _create),
    Row(_BRIDGE, "yes", "old", _delete_n),
    Row(_BRIDGE, "yes", "other", _contest),
    Row(_BRIDGE, "no", "none", _create_bare),
    Row(_BRIDGE, "no", "some", _bridge_again),
    Row(_DELETE, "no", "none", _create_bare),
    Row(_DELETE, "no", "some", _start_over),
    Row(_DELETE, "yes", "none", _create),
    Row(_DELETE, "yes", "old", _delete_n),
    Row(_DELETE, "yes", "other", _contest),
    Row(_CREATE, "yes", "none", _create),
    Row(_CREATE, "no", "none", _create_bare),
    Row(_CREATE, "no", "condemned", _start_over),
    Row(_CREATE, "no", "some", _adopt),
    Row(_CREATE, "yes", "some", _redo, redo_below=MAX_REDO),
    Row(_CREATE, "yes", "condemned", _delete_n),
    Row(_CREATE, "yes", "some", _adopt_and_release),
    Row(_CLOSING, "any", "none", _create_bare),
    Row(_CLOSING, "any", "condemned", _start_over),
    Row(_CLOSING, "gone", "some", _done),
    Row(_CLOSING, "any", "some", _release),
)


# --- recovery in organization scope ------------------------------------------------------------------------------


def _rehearse_again(txn: Txn, seen: Seen) -> Txn:
    if seen.bridge is None:
        return replace(txn, state=State.DONE, result=Result.ABANDONED)
    return replace(txn, state=State.ABANDON, bridge_id=seen.bridge)


def _theirs(txn: Txn, seen: Seen) -> Txn:
    return replace(_rehearse_again(txn, seen), result=Result.CONTESTED)


def _adopt_or_yield(txn: Txn, seen: Seen) -> Txn:
    """Take a record found after an unanswered POST as ours; after a definite 409 it is somebody else's."""
    if not txn.unsure:
        return _theirs(txn, seen)
    return _adopt(txn, seen) if seen.bridge is None else _adopt_and_release(txn, seen)


GAP_RECOVERY: tuple[Row, ...] = (
    Row(_BRIDGE, "any", "any", _rehearse_again),
    Row(_DELETE, "any", "old", _delete_n),
    Row(_DELETE, "any", "none", _create),
    Row(_DELETE, "any", "other", _theirs),
    Row(_CREATE, "any", "none", _create),
    Row(_CREATE, "any", "some", _adopt_or_yield),
    Row(_CLOSING, "gone", "any", _done),
    Row(_CLOSING, "any", "any", _release),
)


def recover(txn: Txn, seen: Seen, table: Iterable[Row] = RECOVERY) -> Txn:
    """Return where `txn` stands after a listing: the first row that fits."""
    return next(row for row in table if row.fits(txn, seen)).step(txn, seen)


def give_up(txn: Txn, seen: Seen) -> Txn | None:
    """Return the way back for a value that is not wanted any more, or None when there is none.

    Only while the right name has a record that nothing can take away; the bridge goes, the record stays.
    """
    if txn.state is State.CREATE and seen.n is None and seen.bridge is None:
        return replace(txn, state=State.DONE, result=Result.ABANDONED)  # there is nothing to go back to
    if txn.state not in (State.BRIDGE, State.DELETE_OLD) or seen.n is None or txn.condemned(seen.n):
        return None
    if seen.bridge is None:
        return replace(txn, state=State.DONE, result=Result.ABANDONED)
    return replace(txn, state=State.ABANDON, bridge_id=seen.bridge)
