"""The part of xdg-desktop-portal that says whether the desktop is dark, as the test wants it."""

from __future__ import annotations

import threading
from typing import Any, Self

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SETTINGS = "org.freedesktop.portal.Settings"
APPEARANCE, SCHEME = "org.freedesktop.appearance", "color-scheme"
DARK, LIGHT = 1, 2


class Portal:
    """Owns the portal's name between `__enter__` and `__exit__`; `scheme` is DARK or LIGHT."""

    def __init__(self, bus: str, scheme: int) -> None:
        self._address = bus
        self.scheme = scheme
        self._bus: DBusConnection | None = None
        self._other: DBusConnection | None = None
        self._thread = threading.Thread(target=self._serve, name="portal")
        self._ending = False

    def __enter__(self) -> Self:
        self._bus = open_dbus_connection(self._address)
        self._other = open_dbus_connection(self._address)
        self._bus.send_and_get_reply(message_bus.RequestName(NAME, 4))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        assert self._bus is not None
        assert self._other is not None
        # a message to ourselves wakes the thread; closing under its feet would not
        self._other.send(new_method_call(DBusAddress(PATH, NAME, SETTINGS), "Bye"))
        self._thread.join(10)
        self._bus.close()
        self._other.close()

    def turn(self, scheme: int) -> None:
        """Make the desktop dark or light and tell everybody."""
        self.scheme = scheme
        assert self._bus is not None
        emitter = DBusAddress(PATH, interface=SETTINGS)
        self._bus.send(new_signal(emitter, "SettingChanged", "ssv", (APPEARANCE, SCHEME, ("u", scheme))))

    def _serve(self) -> None:
        assert self._bus is not None
        while not self._ending:
            message = self._bus.receive()
            if message.header.message_type == MessageType.method_call:
                self._bus.send(self._answer(message))

    def _answer(self, message: Message) -> Message:
        member, body = message.header.fields[HeaderFields.member], message.body
        value: Any = ("u", self.scheme)
        if member == "ReadAll":
            return new_method_return(message, "a{sa{sv}}", ({APPEARANCE: {SCHEME: value}},))
        if member == "Get":
            return new_method_return(message, "v", (("u", 2),))
        if member in ("Read", "ReadOne") and tuple(body) == (APPEARANCE, SCHEME):
            return new_method_return(message, "v", (("v", value) if member == "Read" else value,))
        return new_error(message, "org.freedesktop.portal.Error.NotFound", "s", ("not here",))
