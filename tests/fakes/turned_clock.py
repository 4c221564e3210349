"""A clock that only moves when it is told to, or when somebody sleeps on it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from amika_agent.clock import Clock


class TurnedClock(Clock):
    """`slept` holds every pause; `on_sleep` is called with each, for things that happen meanwhile."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.wall = start
        self.ticks = 1000.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[float], None] | None = None

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        if cancel is not None and cancel.is_set():
            return True
        self.slept.append(seconds)
        self.turn(seconds)
        if self.on_sleep is not None:
            self.on_sleep(seconds)
        return cancel is not None and cancel.is_set()

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += max(0.0, seconds)
        self.ticks += max(0.0, seconds)

    def set_wall(self, seconds: float) -> None:
        """Set the wall clock forward or back, as a person or a time server does."""
        self.wall += seconds
