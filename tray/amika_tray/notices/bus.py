"""A connection to the session bus that never blocks: calls out, signals in."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from amika_tray.notices.bus_wire import (
    CALL,
    DESTINATION,
    ERROR,
    INTERFACE,
    MEMBER,
    PATH,
    REPLY_SERIAL,
    RETURN,
    SIGNAL,
    Message,
    WireError,
    encode,
    take,
)
from amika_tray.pipe import Pipe

Answered = Callable[[list[Any] | None], None]
BUS = "org.freedesktop.DBus"


class Bus(QObject):
    """One connection. Whatever goes wrong ends it: every open call is then answered by None, and `closed` comes."""

    signalled = Signal(str, str, object)
    """interface, member, arguments (list) of a signal that was subscribed to."""
    closed = Signal()

    def __init__(self, address: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pipe: Pipe | None = None
        self._in = b""
        self._greeted = False
        self._serial = 0
        self._waiting: dict[int, Answered] = {}
        self._queue = b""
        self._connect(address)

    @property
    def open(self) -> bool:
        """Tell whether it can be used; False soon after the construction when there is no bus."""
        return self._pipe is not None

    def call(self, path: tuple[str, str, str], member: str, signature: str, body: list[Any], then: Answered) -> None:
        """Call a method. path: (name on the bus, object path, interface); `then` gets the arguments, or None."""
        name, at, interface = path
        self._serial += 1
        fields = {PATH: at, INTERFACE: interface, MEMBER: member, DESTINATION: name}
        data = encode(Message(CALL, self._serial, fields, body), signature)
        if self._pipe is None:
            then(None)
            return
        self._waiting[self._serial] = then
        if self._greeted:
            self._pipe.send(data)
        else:
            self._queue += data

    def subscribe(self, interface: str) -> None:
        """Have the signals of an interface come."""
        rule = f"type='signal',interface='{interface}'"
        self.call((BUS, "/org/freedesktop/DBus", BUS), "AddMatch", "s", [rule], lambda _: None)

    def close(self) -> None:
        """End it; nothing comes any more."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        self._waiting.clear()

    def _connect(self, address: str) -> None:
        where = _unix_address(address)
        if where is None:
            return
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        try:
            sock.connect(where)
        except OSError:
            sock.close()
            return
        self._pipe = Pipe(sock, self._received, self._broken, self)
        uid = str(os.getuid()).encode().hex()
        self._pipe.send(f"\0AUTH EXTERNAL {uid}\r\n".encode())

    def _received(self, data: bytes) -> None:
        self._in += data
        if not self._greeted:
            self._authenticate()
        try:
            while self._greeted and self._pipe is not None:
                message, self._in = take(self._in)
                if message is None:
                    return
                self._take(message)
        except WireError:
            self._broken()

    def _authenticate(self) -> None:
        line, found, rest = self._in.partition(b"\r\n")
        if not found:
            return
        if not line.startswith(b"OK "):
            self._broken()
            return
        if self._pipe is None:
            return
        self._in, self._greeted = rest, True
        fields = {PATH: "/org/freedesktop/DBus", INTERFACE: BUS, MEMBER: "Hello", DESTINATION: BUS}
        # the bus wants its greeting before everything else; a serial of its own that no call uses
        self._pipe.send(b"BEGIN\r\n" + encode(Message(CALL, 0xFFFFFFF0, fields)) + self._queue)
        self._queue = b""

    def _take(self, message: Message) -> None:
        if message.kind == SIGNAL:
            interface, member = message.fields.get(INTERFACE), message.fields.get(MEMBER)
            self.signalled.emit(str(interface), str(member), message.body)
        elif message.kind in (RETURN, ERROR):
            then = self._waiting.pop(message.fields.get(REPLY_SERIAL, 0), None)
            if then is not None:
                then(message.body if message.kind == RETURN else None)

    def _broken(self) -> None:
        waiting = list(self._waiting.values())
        self.close()
        for then in waiting:
            with contextlib.suppress(RuntimeError):
                then(None)
        self.closed.emit()


def session_address(env: Mapping[str, str]) -> str:
    """Return the address of the session bus: as told, else where systemd has it."""
    told = env.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = env.get("XDG_RUNTIME_DIR", "")
    return told or (f"unix:path={runtime}/bus" if os.path.isabs(runtime) else "")


def _unquote(text: str) -> str:
    """Return a value of an address: `%` and two digits stand for a byte (urllib.parse would cost half a megabyte)."""
    first, *rest = text.split("%")
    try:
        data = first.encode() + b"".join(bytes([int(part[:2], 16)]) + part[2:].encode() for part in rest)
    except ValueError:
        return text
    return os.fsdecode(data)


def _unix_address(address: str) -> str | None:
    for one in address.split(";"):
        kind, _, rest = one.partition(":")
        values = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
        if kind == "unix" and "path" in values:
            return _unquote(values["path"])
        if kind == "unix" and "abstract" in values:
            return "\0" + _unquote(values["abstract"])
    return None
