"""One request to the agent on a connection of its own, without ever blocking the event loop."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from amika_shared import BUILD
from amika_shared.client import BEAT_TIMEOUT
from amika_shared.protocol import MAX_FRAME, PROTO, Frame, ProtocolError, decode, encode, overlap
from amika_shared.transport import peer_uid, with_short_name
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
        self._sock: socket.socket | None = None
        self._notifiers: list[QSocketNotifier] = []
        self._out = b""
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
        self._out = encode({"hello": {"proto": list(PROTO), "build": BUILD, "features": [], "paths": paths}})
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        self._sock = sock
        try:
            with_short_name(path, sock.connect)
        except OSError:
            QTimer.singleShot(0, self, self._gone)
            return
        if peer_uid(sock) not in (os.geteuid(), None):
            QTimer.singleShot(0, self, self._not_ours)
            return
        self._notify(QSocketNotifier.Type.Read, self._readable)
        self._notify(QSocketNotifier.Type.Write, self._writable)
        self._silence.start(round(self._patience[0] * 1000))

    def close(self) -> None:
        """End the connection without a further signal; safe to call twice."""
        self._silence.stop()
        for notifier in self._notifiers:
            notifier.setEnabled(False)
            notifier.deleteLater()
        self._notifiers.clear()
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _notify(self, kind: QSocketNotifier.Type, slot: Callable[[], None]) -> None:
        if self._sock is None:
            return
        notifier = QSocketNotifier(self._sock.fileno(), kind, self)
        notifier.activated.connect(slot)
        self._notifiers.append(notifier)

    def _writable(self) -> None:
        if self._sock is None:
            return
        try:
            self._out = self._out[self._sock.send(self._out) :]
        except BlockingIOError:
            return
        except OSError:
            self._gone()
            return
        self._notifiers[1].setEnabled(bool(self._out))

    def _readable(self) -> None:
        if self._sock is None:
            return
        try:
            data = self._sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._gone()
            return
        self._in += data
        self._take_lines()

    def _take_lines(self) -> None:
        while self._sock is not None and b"\n" in self._in:
            line, _, self._in = self._in.partition(b"\n")
            try:
                self._take(decode(line))
            except ProtocolError:
                self._garbled()
        if self._sock is not None and len(self._in) > MAX_FRAME:
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
            self._out += encode(self._request)
            self._notifiers[1].setEnabled(True)
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
        if self._sock is None:
            return
        self.close()
        self.failed.emit(code, message, remedy)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            if self._sock is not None:
                self._sock.close()


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
