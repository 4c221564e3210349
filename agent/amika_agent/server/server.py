"""The agent's socket: frames in, frames out; no peer can hold up another, and no frame can bring it down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from amika_agent.server.connection import Connection, Hangup, Limits
from amika_agent.stores.private_file import make_private_dir
from amika_local.errors import AmikaError, Failed
from amika_shared.protocol import MAX_FRAME, ProtocolError, overlap
from amika_shared.transport import peer, with_short_name

if TYPE_CHECKING:
    from amika_agent.loop_clock import LoopClock

log = logging.getLogger(__name__)

# these wait for something to happen, or for the answer of a server that has its own deadline
RESTING = ("watch", "sign_in", "sign_out")

Handler = Callable[[str, dict[str, Any], Connection], Coroutine[Any, Any, dict[str, Any]]]


class Server:
    """Serves `handler` on a Unix socket. Must be created by the holder of the agent's lock.

    Args:
        path: socket; its folder becomes 0700, a dead agent's socket is replaced.
        hello: what every peer is told first.
        handler: (op, args, connection) -> the `end`; raises AmikaError for the person.
        clock: time of the heartbeats.
        limits: what a peer may cost.

    """

    def __init__(
        self, path: str, hello: dict[str, Any], handler: Handler, clock: LoopClock, limits: Limits | None = None
    ) -> None:
        self._clock = clock
        self._path = path
        self._hello = hello
        self._handler = handler
        self._limits = limits or Limits()
        self._serving: dict[asyncio.Task[None], Connection] = {}
        self._server: asyncio.Server | None = None
        self._closing = False

    async def start(self) -> None:
        """Bind and accept.

        Raises:
            Failed: the folder or the socket cannot be used.

        """
        sock = bind_private(self._path)
        self._server = await asyncio.start_unix_server(self._accept, sock=sock, limit=MAX_FRAME)

    async def close(self, grace: float = 1.0) -> None:
        """Stop accepting, let answers under way end within `grace` seconds, end every connection, remove the socket."""
        if self._server is None:
            return
        self._closing = True
        self._server.close()
        busy = [task for task, connection in self._serving.items() if not connection.idle]
        for task, connection in self._serving.items():
            if connection.idle:
                task.cancel()
        if busy:
            await asyncio.wait(busy, timeout=grace)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._limits, self._clock.now)
        if not self._make_room():
            connection.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(connection))
        self._serving[task] = connection
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._serving.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            log.error("a connection failed", exc_info=task.exception())

    def _make_room(self) -> bool:
        """Give the place of a peer that only sits there to a new one; those that wait for an answer keep theirs."""
        if len(self._serving) < self._limits.connections:
            return True
        for task, connection in self._serving.items():
            if connection.idle:
                task.cancel()
                return True
        return False

    async def _serve(self, connection: Connection) -> None:
        try:
            _, uid = peer(connection.socket())
            if uid not in (os.geteuid(), None):
                log.warning("refused a connection of user %d", uid)
                return
            await connection.send({"hello": self._hello})
            async with asyncio.timeout(self._limits.hello):
                greeted = await self._greeted(connection)
            while greeted and not self._closing:
                await self._one_request(connection)
        except (Hangup, TimeoutError):
            return
        finally:
            connection.abort()

    async def _greeted(self, connection: Connection) -> bool:
        try:
            hello = (await connection.receive()).get("hello")
        except ProtocolError as error:
            await connection.error("protocol", str(error))
            return False
        if not isinstance(hello, dict):
            await connection.error("protocol", "the first frame must be a hello")
        elif not overlap(hello.get("proto")):
            await connection.error("other_version", "the agent speaks another version", "Restart the agent.")
        else:
            return True
        return False

    async def _one_request(self, connection: Connection) -> None:
        try:
            frame = await connection.receive()
            op, args = _request(frame)
        except ProtocolError as error:
            await connection.error("protocol", str(error))
            return
        connection.idle = False
        try:
            beat = self._limits.beat if op in RESTING else self._limits.working
            end = await connection.while_open(self._handler(op, args, connection), beat)
            await connection.send({"end": end})
        except AmikaError as error:
            await connection.error(error.code, error.message, error.remedy)
        except Hangup:
            raise
        except Exception as error:  # one request may fail, the agent may not
            log.exception("%s failed", op, exc_info=error)
            await connection.error(
                "internal", f"unexpected failure ({type(error).__name__})", "See `amika agent logs`."
            )
        finally:
            connection.idle = True


def bind_private(path: str) -> socket.socket:
    """Return a listening socket at `path` that only this user can reach; a dead agent's socket is replaced.

    Raises:
        Failed: the folder is not ours, something else is at `path`, or the path is too long.

    """
    secure_dir(os.path.dirname(path))
    _clear(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with_short_name(path, sock.bind)
        sock.listen(64)
    except OSError as error:
        sock.close()
        raise Failed(f"cannot listen on {path}: {os.strerror(error.errno or 0)}") from None
    finally:
        os.umask(mask)
    sock.setblocking(False)  # noqa: FBT003 -- the socket module's signature
    return sock


def secure_dir(path: str) -> None:
    """Make `path` a folder that only this user can enter.

    Raises:
        Failed: it cannot be made, is a link, or belongs to somebody else.

    """
    make_private_dir(path)
    info = os.lstat(path)
    if not stat.S_ISDIR(info.st_mode):
        raise Failed(f"{path} is not a folder", remedy="Move it away and start the agent again.")
    if info.st_uid != os.geteuid():
        raise Failed(f"{path} belongs to another user", remedy="Set XDG_RUNTIME_DIR to a folder of yours.")
    if stat.S_IMODE(info.st_mode) != 0o700:
        os.chmod(path, 0o700)


def _clear(path: str) -> None:
    try:
        info = os.lstat(path)
    except OSError:
        return
    if not stat.S_ISSOCK(info.st_mode) or info.st_uid != os.geteuid():
        raise Failed(f"{path} is in the way of the agent's socket", remedy="Move it away and start the agent again.")
    os.unlink(path)


def _request(frame: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    op, args = frame.get("op"), frame.get("args", {})
    if not isinstance(op, str):
        raise ProtocolError("frame has no op")
    if not isinstance(args, dict):
        raise ProtocolError("args must be an object")
    return op, args
