"""Explores every interleaving of replacements that production's own table allows, and looks for a moment of none.

    python -m tests.model.replacement --machines 2 --replacements 1 --losses 3

What may happen, in any order: a machine starts, lists, sends; an answer is lost, and the request is executed at once,
later, or never; the process dies (its answer is lost, or it forgets what it was about to do and lists again); the
server refuses (a bounded number of times); a replacement is not wanted any more. Every machine runs this program.

Proved for each state: there is a record. For each end: exactly one, under the right name. From each state an end can
be reached.

A live record's id is its name (names are unique among the living), a dead one's has a mark before it, because ids are
never used again. That keeps the number of states small without losing any.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from amika_agent.sync import replace as protocol
from amika_agent.sync.replace import RECOVERY, Answer, Request, Row, Seen, State, Txn

N = "N"
DEAD = "†"
IDLE, LOOK, ASK, SWEEP = "idle", "look", "ask", "sweep"


class Machine(NamedTuple):
    mode: str
    left: int
    txn: Txn | None = None
    stray: str = ""


class World(NamedTuple):
    names: frozenset[str]
    late: tuple[Request, ...]
    machines: tuple[Machine, ...]
    losses: int
    refusals: int
    unwanted: int


Observe = Callable[[Txn, str | None, str | None], Seen]
Move = tuple[str, World]


@dataclass(frozen=True)
class Bounds:
    machines: int = 1
    replacements: tuple[int, ...] = (1,)
    losses: int = 2
    refusals: int = 0
    unwanted: int = 0

    def start(self) -> World:
        machines = tuple(Machine(IDLE, left) for left in self.replacements)
        return World(frozenset({N}), (), machines, self.losses, self.refusals, self.unwanted)


@dataclass
class Report:
    states: int = 0
    ends: int = 0
    violation: str = ""
    trace: tuple[str, ...] = ()
    exhausted: bool = True
    seconds: float = 0.0


class Model:
    """The moves of a world, by `table` and `observe`: production's, or with a bug planted to see it found."""

    def __init__(self, table: Iterable[Row] = RECOVERY, observe: Observe = protocol.observe) -> None:
        self.table = tuple(table)
        self.observe = observe

    def moves(self, world: World) -> Iterator[Move]:
        for at, request in enumerate(world.late):
            rest = world._replace(late=world.late[:at] + world.late[at + 1 :])
            yield f"late {_said(request)} executed", _executed(rest, request)[0]
            yield f"late {_said(request)} never executed", rest
        for at, machine in enumerate(world.machines):
            step: dict[str, Callable[[World, int, Machine], Iterator[Move]]] = {
                IDLE: self.idle, LOOK: self.look, ASK: self.ask, SWEEP: self.sweep,
            }  # fmt: skip
            for label, after in step[machine.mode](world, at, machine):
                yield f"machine {at}: {label}", after

    def idle(self, world: World, at: int, machine: Machine) -> Iterator[Move]:
        strays = sorted(name for name in world.names if name.startswith(f"b{at}."))
        if strays and N in world.names:
            for stray in strays:
                yield f"lists, will sweep {stray}", _with(world, at, machine._replace(mode=SWEEP, stray=stray))
        if machine.left or (strays and N not in world.names):
            left = machine.left - 1 if machine.left else 0
            name = _fresh(world, at)
            txn = protocol.begin(name, name, N if N in world.names else None)
            yield f"lists, begins {txn.state}", _with(world, at, Machine(ASK, left, txn))

    def look(self, world: World, at: int, machine: Machine) -> Iterator[Move]:
        txn = machine.txn
        assert txn is not None
        n = N if N in world.names else None
        bridge = txn.bridge if txn.bridge in world.names else None
        seen = self.observe(txn, n, bridge)
        yield self.looked(world, at, machine, protocol.recover(txn, seen, self.table), "")
        back = protocol.give_up(txn, seen) if world.unwanted else None
        if back is not None:
            yield self.looked(world._replace(unwanted=world.unwanted - 1), at, machine, back, " (unwanted)")

    def looked(self, world: World, at: int, machine: Machine, txn: Txn, note: str) -> Move:
        if not txn.id:
            name = _fresh(world, at)
            txn = replace(txn, id=name, bridge=name)
        # as production does: what a listing does not show cannot vanish any more
        txn = replace(txn, unanswered=tuple(item for item in txn.unanswered if item[0] in world.names))
        return f"lists, goes to {txn.state}{note}", _with(world, at, _standing(machine, txn))

    def ask(self, world: World, at: int, machine: Machine) -> Iterator[Move]:
        assert machine.txn is not None
        request = protocol.request(machine.txn, N)
        doubt = machine.txn.unsure if machine.txn.state is State.CREATE else machine.txn.bridge_lost
        txn = protocol.sent(machine.txn, request)
        after, answer = _executed(_with(world, at, machine._replace(txn=txn)), request)
        yield f"{_said(request)} → {answer}", self.answered(after, at, request, answer, first=not doubt)
        if world.losses:
            poorer = world._replace(losses=world.losses - 1)
            lost = _with(poorer, at, machine._replace(mode=LOOK, txn=txn))
            yield f"{_said(request)} → no answer", lost._replace(late=_sorted(*lost.late, request))
            yield "dies before it sends", _with(poorer, at, machine._replace(mode=LOOK))
        if world.refusals and machine.txn.state is not State.CREATE:
            poorer = _with(world._replace(refusals=world.refusals - 1), at, machine._replace(txn=txn))
            yield f"{_said(request)} → refused", self.answered(poorer, at, request, Answer.REFUSED, first=not doubt)

    def answered(self, world: World, at: int, request: Request, answer: Answer, *, first: bool) -> World:
        machine = world.machines[at]
        assert machine.txn is not None
        created = request.name if answer is Answer.OK and request.method == "POST" else None
        txn, look = protocol.answered(machine.txn, request, answer, created, first=first)
        if look or (answer is Answer.REFUSED and txn.state is machine.txn.state):
            return _with(world, at, machine._replace(mode=LOOK, txn=txn))
        return _with(world, at, _standing(machine, txn))

    def sweep(self, world: World, at: int, machine: Machine) -> Iterator[Move]:
        request = Request("DELETE", id=machine.stray)
        rested = _with(world, at, machine._replace(mode=IDLE, stray=""))
        yield _said(request), _executed(rested, request)[0]
        if world.losses:
            late = _sorted(*rested.late, request)
            yield f"{_said(request)} → no answer", rested._replace(losses=world.losses - 1, late=late)


def explore(
    bounds: Bounds, model: Model | None = None, *, limit: int = 50_000_000, may_be_none: bool = False
) -> Report:
    """Visit every state that can be reached, up to `limit`; `may_be_none`: only the ends are judged."""
    model = model or Model()
    began = time.monotonic()
    first = _normal(bounds.start())
    parents: dict[World, World | None] = {first: None}
    sources: dict[World, list[World]] = {}
    ends: list[World] = []
    queue = [first]
    report = Report()
    while queue:
        world = queue.pop()
        if not world.names and not may_be_none:
            report.violation = "none"
            break
        after = [_normal(next_world) for _, next_world in model.moves(world)]
        if not after:
            ends.append(world)
            if world.names != {N}:
                report.violation = f"ends with {sorted(world.names)}"
                break
        for next_world in after:
            sources.setdefault(next_world, []).append(world)
            if next_world not in parents:
                parents[next_world] = world
                queue.append(next_world)
        if len(parents) > limit:
            report.exhausted = False
            break
    else:
        stuck = _cannot_end(parents, sources, ends)
        if stuck is not None:
            report.violation, world = "cannot end", stuck
    report.states, report.ends, report.seconds = len(parents), len(ends), time.monotonic() - began
    if report.violation:
        report.trace = _trace(model, parents, world)
    return report


def _cannot_end(
    parents: dict[World, World | None], sources: dict[World, list[World]], ends: list[World]
) -> World | None:
    seen = set(ends)
    queue = list(ends)
    while queue:
        for source in sources.get(queue.pop(), ()):
            if source not in seen:
                seen.add(source)
                queue.append(source)
    return next((world for world in parents if world not in seen), None)


def _trace(model: Model, parents: dict[World, World | None], world: World) -> tuple[str, ...]:
    lines = [f"{sorted(world.names)}"]
    parent = parents[world]
    while parent is not None:
        label = next(label for label, after in model.moves(parent) if _normal(after) == world)
        lines.append(f"{sorted(parent.names)}: {label}")
        world, parent = parent, parents[parent]
    return tuple(reversed(lines))


def _executed(world: World, request: Request) -> tuple[World, Answer]:
    """What the server does: creation enforces uniqueness, deletion is once and for all."""
    if request.method == "POST":
        if request.name in world.names:
            return world, Answer.CONFLICT
        return world._replace(names=world.names | {request.name}), Answer.OK
    if request.id not in world.names:
        return world, Answer.MISSING
    machines = tuple(_bury(machine, request.id) for machine in world.machines)
    late = tuple(r for r in world.late if r.id != request.id)
    return world._replace(names=world.names - {request.id}, machines=machines, late=late), Answer.OK


def _bury(machine: Machine, dead: str) -> Machine:
    def name(record: str | None) -> str | None:
        return DEAD + dead if record == dead else record

    stray = DEAD + dead if machine.stray == dead else machine.stray
    if machine.txn is None:
        return machine._replace(stray=stray)
    txn = machine.txn
    known = tuple((DEAD + r if r == dead else r, count) for r, count in txn.unanswered)
    buried = replace(txn, old_id=name(txn.old_id), bridge_id=name(txn.bridge_id), unanswered=known)
    return machine._replace(stray=stray, txn=buried)


def _standing(machine: Machine, txn: Txn) -> Machine:
    if txn.state is State.DONE:
        return Machine(IDLE, machine.left)
    return machine._replace(mode=ASK, txn=txn)


def _normal(world: World) -> World:
    return world._replace(machines=tuple(m._replace(txn=m.txn and _plain(m.txn)) for m in world.machines))


def _plain(txn: Txn) -> Txn:
    """Drop what no decision depends on."""
    return replace(txn, unanswered=tuple(sorted(txn.unanswered)), bridge_lost=False, final_id=None)


def _with(world: World, at: int, machine: Machine) -> World:
    return world._replace(machines=(*world.machines[:at], machine, *world.machines[at + 1 :]))


def _fresh(world: World, at: int) -> str:
    """A name that nothing alive, on its way or planned has."""
    used = {*world.names, *(request.name for request in world.late)}
    txn = world.machines[at].txn
    used |= {txn.bridge} if txn else set()
    return next(name for serial in range(100) if (name := f"b{at}.{serial}") not in used)


def _sorted(*requests: Request) -> tuple[Request, ...]:
    return tuple(sorted(requests, key=lambda r: (r.method, r.name, r.id)))


def _said(request: Request) -> str:
    return f"{request.method} {request.name or request.id}"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machines", type=int, default=1)
    parser.add_argument("--replacements", type=int, nargs="+", default=[3], help="one number, or one for each machine")
    parser.add_argument("--losses", type=int, default=4)
    parser.add_argument("--refusals", type=int, default=0)
    parser.add_argument("--unwanted", type=int, default=0)
    parser.add_argument("--limit", type=int, default=50_000_000)
    given = parser.parse_args(argv)
    each = given.replacements if len(given.replacements) > 1 else given.replacements * given.machines
    bounds = Bounds(given.machines, tuple(each), given.losses, given.refusals, given.unwanted)
    report = explore(bounds, limit=given.limit)
    how = "all" if report.exhausted else "NOT all"
    print(f"{bounds}\n{report.states:,} states ({how}), {report.ends:,} ends, {report.seconds:.1f} s")
    print("\n".join([f"VIOLATION: {report.violation}", *report.trace]) if report.violation else "no violation")
    return 1 if report.violation else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
