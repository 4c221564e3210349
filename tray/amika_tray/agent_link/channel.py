"""One request to the agent on a connection of its own, without ever blocking the event loop."""

from __future__ import annotations

import os
import socket
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from amika_shared import BUILD
from amika_shared.client import BEAT_TIMEOUT
from amika_shared.protocol import MAX_FRAME, PROTO, Frame, ProtocolError, decode, encode, overlap
from amika_shared.transport import peer_uid, with_short_name
from amika_tray.pipe import Pipe
from amika_tray.wording import t

HELLO_TIMEOUT = 5.0


class Channel(QObject):
    """A connection that carries one request. Closing it cancels what it asked for.

    Exactly one of `ended` and `failed` comes, unless it is closed first; nothing comes after `close`.

    Args:
        op: operation, for example "watch".
        args: its arguments.
        parent: owner.
        patience: longest silence before the agent's hello, and after it (heartbeats break it); seconds.

    """

    greeted = Signal(object)
    """The agent's hello (dict)."""
    item = Signal(object)
    """One item of the answer (dict)."""
    ended = Signal(object)
    """The `end` of the answer (dict)."""
    failed = Signal(str, str, str)
    """code, message, remedy: the agent's own error, or "gone", "silent", "not_ours", "other_version", "protocol"."""

    def __init__(
        self,
        op: str,
        args: dict[str, Any],
        parent: QObject | None = None,
        *,
        patience: tuple[float, float] = (HELLO_TIMEOUT, BEAT_TIMEOUT),
    ) -> None:
        super().__init__(parent)
        self._patience = patience
        self._request: Frame = {"op": op, "args": args}
        self._pipe: Pipe | None = None
        self._waits = False  # an outcome is owed
        self._in = b""
        self._hello_seen = False
        self._silence = QTimer(self, singleShot=True)
        self._silence.timeout.connect(self._silent)

    def open(self, path: str, paths: dict[str, str]) -> None:
        """Connect to the agent's socket and ask; every outcome arrives as a signal, after this call.

        Args:
            path: the agent's socket.
            paths: this process's effective paths, for the hello.

        """
        self._waits = True
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        try:
            with_short_name(path, sock.connect)
        except OSError:
            sock.close()
            QTimer.singleShot(0, self, self._gone)
            return
        if peer_uid(sock) not in (os.geteuid(), None):
            sock.close()
            QTimer.singleShot(0, self, self._not_ours)
            return
        self._pipe = Pipe(sock, self._taken, self._gone, self)
        self._pipe.send(encode({"hello": {"proto": list(PROTO), "build": BUILD, "features": [], "paths": paths}}))
        self._silence.start(round(self._patience[0] * 1000))

    def close(self) -> None:
        """End the connection without a further signal; safe to call twice."""
        self._silence.stop()
        self._waits = False
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _taken(self, data: bytes) -> None:
        self._in += data
        self._take_lines()

    def _take_lines(self) -> None:
        while self._waits and b"\n" in self._in:
            line, _, self._in = self._in.partition(b"\n")
            try:
                self._take(decode(line))
            except ProtocolError:
                self._garbled()
        if self._waits and len(self._in) > MAX_FRAME:
            self._garbled()

    def _take(self, frame: Frame) -> None:
        if not self._hello_seen:
            self._take_hello(frame)
            return
        self._silence.start(round(self._patience[1] * 1000))
        if "item" in frame:
            self.item.emit(_object(frame["item"]))
        elif "end" in frame:
            self.close()
            self.ended.emit(_object(frame["end"]))
        elif "error" in frame:
            error = _object(frame["error"])
            self._fail(*(str(error.get(name, "")) for name in ("code", "message", "remedy")))

    def _take_hello(self, frame: Frame) -> None:
        hello = frame.get("hello")
        if not isinstance(hello, dict):
            self._garbled()
        elif not overlap(hello.get("proto")):
            self._fail(
                "other_version",
                t("The running agent is of another version."),
                t("Restart it: amika agent restart"),
            )
        else:
            self._hello_seen = True
            self._silence.start(round(self._patience[1] * 1000))
            if self._pipe is not None:
                self._pipe.send(encode(self._request))
            self.greeted.emit(hello)

    def _gone(self) -> None:
        self._fail("gone", t("The agent went away."), "")

    def _silent(self) -> None:
        self._fail("silent", t("The agent does not answer."), t("Restart it: amika agent restart"))

    def _not_ours(self) -> None:
        self._fail("not_ours", t("The agent's socket is held by another user."), t("Ask `amika doctor`."))

    def _garbled(self) -> None:
        self._fail(
            "protocol", t("The agent sent something that is not understood."), t("Restart it: amika agent restart")
        )

    def _fail(self, code: str, message: str, remedy: str) -> None:
        if not self._waits:
            return
        self.close()
        self.failed.emit(code, message, remedy)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
