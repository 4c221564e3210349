"""Frames over a Unix socket, and who is at its other end. `socket` costs 10 ms where a command starts: `_socket`."""

from __future__ import annotations

import _socket
import contextlib
import errno
import os
import struct
import sys

from amika_shared.protocol import MAX_FRAME, ProtocolError, decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class HasOptions(Protocol):
        """A socket of any kind."""

        def getsockopt(self, level: int, option: int, length: int, /) -> bytes:
            """Return a socket option."""


SUN_PATH_MAX = 103 if sys.platform == "darwin" else 107
_LOCAL_PEERCRED, _LOCAL_PEERPID = 1, 2  # macOS; level 0


class Gone(Exception):
    """The other end closed the connection, was silent too long, or sent what cannot be understood."""


class Silent(Gone):
    """Nothing came for as long as was waited; it may still come."""


class Line:
    """Frames over one connected socket."""

    __slots__ = ("_buffer", "_sock")

    def __init__(self, sock: _socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def settimeout(self, seconds: float) -> None:
        """Set the longest silence that `send` and `receive` bear."""
        self._sock.settimeout(seconds)

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._sock.fileno()

    def peer(self) -> tuple[int | None, int | None]:
        """Return the other end's (pid, uid); see `peer`."""
        return peer(self._sock)

    def send(self, frame: dict[str, Any]) -> None:
        """Send one frame; raises Gone."""
        try:
            self._sock.sendall(encode(frame))
        except OSError:
            raise Gone("the agent went away") from None

    def receive(self) -> dict[str, Any]:
        """Return the next frame; raises Gone."""
        while b"\n" not in self._buffer:
            self._buffer += self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            return decode(line)
        except ProtocolError:
            raise Gone("the agent sent something that is not understood") from None

    def _more(self) -> bytes:
        if len(self._buffer) > MAX_FRAME:
            raise Gone("the agent sent something that is not understood")
        try:
            data = self._sock.recv(65536)
        except TimeoutError:
            raise Silent("the agent does not answer") from None
        except OSError:
            raise Gone("the agent went away") from None
        if not data:
            raise Gone("the agent went away")
        return data

    def close(self) -> None:
        """End the connection; safe to call twice and from another thread."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(_socket.SHUT_RDWR)
        self._sock.close()


def dial(path: str, timeout: float) -> Line:
    """Connect to the socket `path`; raises OSError."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        with_short_name(path, sock.connect)
    except BaseException:
        sock.close()
        raise
    return Line(sock)


def with_short_name(path: str, act: Callable[[str], object]) -> None:
    """Call `act` with a name of the socket `path` that fits into a socket address.

    A path longer than the kernel takes is reached through a descriptor of its directory (Linux).

    Raises:
        OSError: the directory is missing, or the path is too long where there is no such way.

    """
    if len(os.fsencode(path)) <= SUN_PATH_MAX:
        act(path)
        return
    if not os.path.isdir("/proc/self/fd"):
        raise OSError(errno.ENAMETOOLONG, "the path of the agent's socket is too long")
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        act(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
    finally:
        os.close(directory)


def peer(sock: HasOptions) -> tuple[int | None, int | None]:
    """Return (pid, uid) of the process behind a connected Unix socket; None for what the system does not tell.

    A uid that cannot be asked for is -1: nobody's.
    """
    try:
        if sys.platform == "linux":
            pid, uid, _ = struct.unpack("iII", sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
            return pid, uid
        if sys.platform == "darwin":
            _, uid = struct.unpack_from("II", sock.getsockopt(0, _LOCAL_PEERCRED, 76))
            (pid,) = struct.unpack("i", sock.getsockopt(0, _LOCAL_PEERPID, 4))
            return pid, uid
    except (OSError, struct.error):
        return None, -1
    return None, None


def peer_uid(sock: HasOptions) -> int | None:
    """Return the user id of `peer`."""
    return peer(sock)[1]
