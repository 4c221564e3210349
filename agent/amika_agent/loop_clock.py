"""Time as the agent's loop sees it: the machine's clock, and a wait that an event ends early."""

from __future__ import annotations

import asyncio
from typing import Protocol

from amika_agent.clock import Clock, SystemClock


class LoopClock(Clock, Protocol):
    """Tests inject their own. `monotonic` stands still while the machine sleeps; only threads may `sleep`."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until `event` is set (True) or `seconds` have passed (False); None waits without end."""


class SystemLoopClock(SystemClock):
    """The machine's clock and the running loop's timer."""

    async def wait(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Wait until `event` is set (True) or `seconds` have passed (False); None waits without end."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return event.is_set()
        return True
