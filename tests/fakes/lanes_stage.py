"""The lanes on a clock that moves by hand, with a body for each that counts, and does what a test ordered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from tests.fakes.loop_clock import FakeLoopClock

from amika_agent import lanes


class Work(lanes.Work):
    """What the lanes call: counts, and does what a test ordered."""

    queues: tuple[str, ...] = ()

    def __init__(self, queues: tuple[str, ...] = ("",)) -> None:
        self.queues = queues
        self.runs: list[str] = []
        self.due: dict[str, float | None] = {"look": None, "renew": None, "reconcile": None}
        self.says: dict[str, bool] = {"look": False, "renew": False}
        self.hold: dict[str, threading.Event] = {}
        self.fail: dict[str, Exception] = {}
        self.unseen: frozenset[str] = frozenset()
        self.sweeps: list[int] = []
        self.due_fails = False

    def _ran(self, name: str) -> bool:
        self.runs.append(name)
        if name in self.hold:
            assert self.hold[name].wait(10), f"{name} was never released"
        if name in self.fail:
            raise self.fail[name]
        return self.says.get(name, False)

    def look(self) -> bool:
        return self._ran("look")

    def renew(self) -> bool:
        return self._ran("renew")

    def reconcile_queue(self, name: str) -> object:
        self._ran(f"reconcile {name}".strip())
        return None

    def look_due(self) -> float | None:
        return self.due["look"]

    def renew_due(self) -> float | None:
        if self.due_fails:
            raise ValueError("a bug")
        return self.due["renew"]

    def queue_due(self, name: str) -> float | None:
        return self.due.get(f"reconcile {name}".strip())

    def overlooked(self) -> frozenset[str]:
        self.sweeps.append(threading.get_ident())
        if "overlooked" in self.hold:
            self._ran("overlooked")
        if "overlooked" in self.fail:
            raise self.fail["overlooked"]
        unseen, self.unseen = self.unseen, frozenset()
        return unseen

    def count(self, name: str) -> int:
        return self.runs.count(name)


class Stage:
    def __init__(self, queues: tuple[str, ...] = ("",)) -> None:
        self.work = Work(queues)
        self.clock = FakeLoopClock()
        self.published = 0
        self.lanes = lanes.Lanes(self.work, self.clock, self._publish)
        self.clock.busy = self._busy

    def _publish(self) -> None:
        self.published += 1

    def _busy(self) -> bool:
        # neither a run that a test holds nor a thread that sleeps is waited for
        held = sum(1 for name in self.work.hold if name in self.work.runs)
        return len(self.lanes.under_way) > held + self.clock.asleep

    async def started(self) -> None:
        self.lanes.start()
        await self.clock.advance(0.1)
        self.work.runs.clear()


def on_stage(
    play: Callable[[Stage], Coroutine[Any, Any, None]],
    queues: tuple[str, ...] = ("",),
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> None:
    """Play with lanes of these queues, on such a loop, and stop them."""

    async def whole() -> None:
        stage = Stage(queues)
        try:
            await play(stage)
        finally:
            for event in stage.work.hold.values():
                event.set()
            assert await stage.lanes.stop(5)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(whole())
