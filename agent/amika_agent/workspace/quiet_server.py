"""uvicorn without its clockwork: it wakes up for requests and for nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from amika_agent.workspace import peer

CONNECTIONS = 256
STRANGERS = 64  # of these; the API is open to other users who have a token, as a sandbox may be one
_STEP = 0.005  # only while it ends


class _Connection(H11Protocol):
    """A connection that is ended at once where it would let other users keep the owner out by holding all of them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take it, or end it."""
        super().connection_made(transport)
        if len(self.connections) <= STRANGERS or self.client is None or self.server is None:
            return
        port = self.server[1]
        if port is not None and peer.is_foreign(self.client, port):
            transport.abort()


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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End when the last answer is out; uvicorn sleeps a tenth of a second, for which the one who stops us waits."""
        for server in self.servers:
            server.close()
        for one in sockets or []:
            one.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 -- sets of uvicorn's
                    await asyncio.sleep(_STEP)
        for task in self.server_state.tasks:
            task.cancel()

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
        http=_Connection,
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
        limit_concurrency=CONNECTIONS,
    )
    asyncio.run(_QuietServer(config, ready, stopped).serve(sockets=[listener]))
