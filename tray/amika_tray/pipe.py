"""Bytes both ways over a connected socket, without ever blocking the event loop."""

from __future__ import annotations

import socket
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier

CHUNK = 65536


class Pipe(QObject):
    """Owns the socket. What is to be sent waits in memory until the other end takes it.

    Args:
        sock: connected and non-blocking.
        taken: called with every piece that arrives.
        gone: called when the other end has closed, or failed; not after `close`.
        parent: owner.

    """

    def __init__(
        self,
        sock: socket.socket,
        taken: Callable[[bytes], None],
        gone: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sock = sock
        self._taken, self._gone = taken, gone
        self._out = b""
        self._open = True
        self.destroyed.connect(sock.close)  # whoever owns this may go without closing it
        self._reading = self._notifier(QSocketNotifier.Type.Read, self._readable)
        self._writing = self._notifier(QSocketNotifier.Type.Write, self._writable)
        self._writing.setEnabled(False)

    def send(self, data: bytes) -> None:
        """Send it as soon as the other end takes it."""
        if self._open:
            self._out += data
            self._writing.setEnabled(bool(self._out))

    def close(self) -> None:
        """Close the socket; nothing is called any more. Safe to call twice."""
        if self._open:
            self._open = False
            self._reading.setEnabled(False)
            self._writing.setEnabled(False)
            self._sock.close()
            self.deleteLater()

    def _notifier(self, kind: QSocketNotifier.Type, slot: Callable[[], None]) -> QSocketNotifier:
        notifier = QSocketNotifier(self._sock.fileno(), kind, self)
        notifier.activated.connect(slot)
        return notifier

    def _writable(self) -> None:
        if not self._open:
            return
        try:
            self._out = self._out[self._sock.send(self._out) :]
        except BlockingIOError:
            return
        except OSError:
            self._gone()
            return
        if self._open:
            self._writing.setEnabled(bool(self._out))

    def _readable(self) -> None:
        if not self._open:
            return
        try:
            data = self._sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._taken(data)
        else:
            self._gone()
