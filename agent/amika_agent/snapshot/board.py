"""Where the present snapshot hangs: one writer, any number of readers that wait for the next one."""

from __future__ import annotations

import asyncio
from typing import Any


class Board:
    """The latest snapshot, numbered. Lives on one loop; a slow reader misses steps in between, never the last."""

    def __init__(self) -> None:
        self.snapshot: dict[str, Any] = {}
        self.generation = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def publish(self, snapshot: dict[str, Any]) -> bool:
        """Hang up `snapshot` under the next generation; one that says the same as the present changes nothing."""
        if _said(snapshot) == _said(self.snapshot):
            return False
        self.generation += 1
        self.snapshot = {**snapshot, "generation": self.generation}
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)
        return True

    async def newer(self, generation: int) -> None:
        """Return once there is a snapshot newer than `generation`."""
        if self.generation > generation:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


def _said(snapshot: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in snapshot.items() if key not in ("generation", "at")}
