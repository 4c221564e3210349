"""The agent's real server on a loop in a thread, for tests that talk to it from outside as blocking clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from amika_agent.loop_clock import SystemLoopClock
from amika_agent.server.connection import Limits
from amika_agent.server.server import Handler, Server


class ServerThread:
    """Serves `handler` on `path` until closed."""

    def __init__(self, path: str, hello: dict[str, Any], handler: Handler, limits: Limits | None = None) -> None:
        self._server = Server(path, hello, handler, SystemLoopClock(), limits)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="server")
        self._thread.start()
        self._ready.wait(10)
        if self._error is not None:
            self._thread.join()
            raise self._error

    def call(self, act: Callable[[], Any]) -> None:
        """Run `act` on the server's loop."""
        self._loop.call_soon_threadsafe(act)

    def close(self) -> None:
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the server does not end"

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        try:
            await self._server.start()
        except BaseException as error:  # noqa: BLE001 -- raised where the test waits
            self._error = error
            self._ready.set()
            return
        self._ready.set()
        await self._end.wait()
        await self._server.close(grace=0.2)
