"""uvicorn without its clockwork: it wakes up for requests and for nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import uvicorn


class _QuietServer(uvicorn.Server):
    """A server that sleeps until it is told to stop. uvicorn itself looks ten times a second whether to end."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopped: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopped = stopped

    async def main_loop(self) -> None:
        """Announce that the server listens, then wait."""
        await self.on_tick(0)  # fills in the headers every answer gets
        self._ready()
        await self._stopped()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the caller."""
        yield


def run_server(
    app: Callable[..., Any],
    listener: socket.socket,
    ready: Callable[[], None],
    stopped: Callable[[], Awaitable[None]],
) -> None:
    """Serve `app` on a listening socket until `stopped()` returns; open requests get 5 s to finish."""
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        limit_concurrency=256,
    )
    asyncio.run(_QuietServer(config, ready, stopped).serve(sockets=[listener]))
