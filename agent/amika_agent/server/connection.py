"""One peer of the agent: frames both ways, bounded, and a request that ends when the peer goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from amika_agent.server.fitting import fitted
from amika_shared.protocol import MAX_FRAME, decode, encode

if TYPE_CHECKING:
    from amika_shared.protocol import Frame
    from amika_shared.transport import HasOptions

BUFFER = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """What a peer may cost: seconds, and connections at once.

    beat     how often it hears that we live, when it waits for something to happen
    working  the same, when it waits for an answer that is worked on
    """

    hello: float = 5.0
    write: float = 10.0
    beat: float = 60.0
    working: float = 2.0
    connections: int = 64


T = TypeVar("T")


class Hangup(Exception):
    """The peer has gone, or does not read what it asked for."""


class Connection:
    """One connected peer.

    idle  True while it waits for nothing: the first to go when there are too many

    Args:
        reader: its frames.
        writer: ours.
        limits: what it may cost.
        now: epoch seconds, for heartbeats.

    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits, now: Callable[[], float]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._now = now
        self._writing = asyncio.Lock()
        self._ahead: asyncio.Task[bytes | None] | None = None
        self.idle = True
        writer.transport.set_write_buffer_limits(high=BUFFER)

    def socket(self) -> HasOptions:
        """Return the socket, to ask who is there."""
        found: HasOptions = self._writer.get_extra_info("socket")
        return found

    async def send(self, frame: Frame) -> None:
        """Send one frame, cut to what a frame holds; a peer that takes nothing for `limits.write` seconds is dropped.

        Raises Hangup.
        """
        data = encode(frame)
        if len(data) > MAX_FRAME:
            data = encode({name: fitted(part) if isinstance(part, dict) else part for name, part in frame.items()})
        if len(data) > MAX_FRAME:
            data = encode({"error": {"code": "internal", "message": "the answer is too large", "remedy": ""}})
        try:
            async with asyncio.timeout(self._limits.write), self._writing:
                self._writer.write(data)
                await self._writer.drain()
        except (OSError, TimeoutError):
            self.abort()
            raise Hangup from None

    async def item(self, item: dict[str, Any]) -> None:
        """Send one item of the answer under way. Raises Hangup."""
        await self.send({"item": item})

    async def error(self, code: str, message: str, remedy: str = "") -> None:
        """Answer with an error. Raises Hangup."""
        await self.send({"error": {"code": code, "message": message, "remedy": remedy}})

    async def receive(self) -> Frame:
        """Return the next frame.

        Raises:
            ProtocolError: it cannot be understood; the next one may be.
            Hangup: the peer has gone, or sent a line too long to find the next one.

        """
        line = await self._read_ahead()
        self._ahead = None
        if line is None:
            await self.error("protocol", "frame longer than 1 MiB")
        if not line:
            raise Hangup
        return decode(line)

    async def while_open(self, work: Coroutine[Any, Any, T], beat: float) -> T:
        """Return what `work` returns; when the peer goes first, `work` is cancelled and Hangup raised.

        Meanwhile the peer hears a heartbeat every `beat` seconds.
        """
        task = asyncio.create_task(work)
        awaited: set[asyncio.Task[Any]] = {task, self._read_ahead()}
        try:
            while not task.done():
                done, _ = await asyncio.wait(awaited, timeout=beat, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    await self.send({"beat": self._now()})
                for other in done - {task}:
                    if not other.result() and not task.done():
                        raise Hangup
                    awaited = {task}  # the next request is already here; it is answered in its turn
            return task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    def abort(self) -> None:
        """End the connection without waiting for the peer to read."""
        if self._ahead is not None:
            self._ahead.cancel()
            self._ahead = None
        self._writer.transport.abort()

    def _read_ahead(self) -> asyncio.Task[bytes | None]:
        # one read is always under way, so that a peer's going is noticed while it is being answered
        if self._ahead is None:
            self._ahead = asyncio.create_task(self._read_line())
        return self._ahead

    async def _read_line(self) -> bytes | None:
        """Return a line, b"" when the peer has gone, None when the line is too long."""
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            return None
        except (asyncio.IncompleteReadError, OSError):
            return b""
