"""An event loop that knows what will wake it: its timers, and how often other threads did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple

Ts = TypeVarTuple("Ts")


class IdleLoop(asyncio.SelectorEventLoop):
    """woken  how often another thread, or a handler of signals, has called in"""

    def __init__(self) -> None:
        super().__init__()
        self._armed: dict[object, tuple[asyncio.TimerHandle, float]] = {}
        self.woken = 0

    def timers(self) -> list[float]:
        """Return the lengths, seconds, of the timers that neither ran nor were cancelled; for any thread."""
        return [seconds for handle, seconds in list(self._armed.values()) if not handle.cancelled()]

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        key = object()

        def ring(*given: *Ts) -> None:
            self._armed.pop(key, None)
            callback(*given)

        seconds = when - self.time()
        handle = super().call_at(when, ring, *args, context=context)
        self._armed[key] = handle, seconds
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        self.woken += 1
        return super().call_soon_threadsafe(callback, *args, context=context)
