"""A clock that only moves when a test says so, for the agent's loop and for blocking parts alike."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from amika_agent.loop_clock import LoopClock


class FakeLoopClock(LoopClock):
    """Wall and monotonic time apart, so that a machine can sleep: then only the wall goes on.

    busy    tells whether threads are at work; `advance` lets them end before it goes on
    waits   the seconds of every wait on the loop; `sleeps` of every sleep of a thread
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._wall = now
        self._monotonic = 1000.0
        self._waiting: dict[asyncio.Future[None], float] = {}
        self._sleeping: dict[threading.Event, tuple[float, threading.Event]] = {}
        self.busy: Callable[[], object] = lambda: False
        self.waits: list[float | None] = []
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        assert cancel is not None, "nothing may sleep here that cannot be woken"
        over = threading.Event()
        self.sleeps.append(seconds)
        self._sleeping[over] = self._monotonic + seconds, cancel
        while not over.wait(0.001) and not cancel.is_set():
            pass
        self._sleeping.pop(over, None)
        return cancel.is_set()

    @property
    def asleep(self) -> int:
        """How many threads sleep until time passes."""
        return sum(1 for _, cancel in list(self._sleeping.values()) if not cancel.is_set())

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        self.waits.append(seconds)
        if event.is_set():
            return True
        woken: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        told: asyncio.Future[Any] = asyncio.create_task(event.wait())
        if seconds is not None:
            self._waiting[woken] = self._monotonic + seconds
        try:
            await asyncio.wait({woken, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.pop(woken, None)
            told.cancel()
            woken.cancel()
        return event.is_set()

    def jump(self, seconds: float) -> None:
        """The wall clock is set, or the machine slept: no timer moves."""
        self._wall += seconds

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, timer by timer, and everything that they cause."""
        await self.settle()
        end = self._monotonic + seconds
        while (at := self._next()) is not None and at <= end:
            self._move(at)
            self._wake()
            await self.settle()
        self._move(end)

    async def settle(self) -> None:
        """Return when nothing happens any more without time passing."""
        end = time.monotonic() + 10
        quiet = 0
        while quiet < 20:
            await asyncio.sleep(0)
            quiet += 1
            while self.busy():
                assert time.monotonic() < end, "a thread does not end"
                await asyncio.sleep(0.001)
                quiet = 0

    def _next(self) -> float | None:
        return min([*self._waiting.values(), *(at for at, _ in list(self._sleeping.values()))], default=None)

    def _wake(self) -> None:
        for future, at in list(self._waiting.items()):
            if at <= self._monotonic and not future.done():
                del self._waiting[future]
                future.set_result(None)
        for over, (at, _) in list(self._sleeping.items()):
            if at <= self._monotonic:
                self._sleeping.pop(over, None)
                over.set()

    def _move(self, to: float) -> None:
        self._wall += max(0.0, to - self._monotonic)
        self._monotonic = max(self._monotonic, to)
