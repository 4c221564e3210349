"""A tray host that is the test itself: it owns org.kde.StatusNotifierWatcher and sees what a panel would see.

Exact where pixels are not: icon, tooltip and menu are read as they go over the bus, clicks are sent as a host sends
them. It answers on a thread of its own, as a panel answers in a process of its own.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any, Self

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_method_call, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from tests.desktop.screen import wait

NAME = "org.kde.StatusNotifierWatcher"
PATH = "/StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"


@dataclass(frozen=True)
class MenuLine:
    """One line as it comes over the bus. label: with the marks of dbusmenu; text: as a host shows it."""

    id: int
    label: str
    enabled: bool
    separator: bool

    @property
    def text(self) -> str:
        """Return the label without the marks."""
        return self.label.replace("__", "\0").replace("_", "").replace("\0", "_")


@dataclass(frozen=True)
class Item:
    """A registered icon."""

    service: str
    path: str
    properties: dict[str, Any] = field(default_factory=dict)


class TestHost:
    """Owns the watcher's name between `__enter__` and `__exit__`."""

    __test__ = False  # no test class, whatever its name says

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._items: list[Item] = []
        self._serving: DBusConnection | None = None
        self._asking: DBusConnection | None = None
        self._thread: threading.Thread | None = None
        self._ending = False

    def __enter__(self) -> Self:
        self._asking = open_dbus_connection(self._bus)
        self._serving = open_dbus_connection(self._bus)
        self._serving.send_and_get_reply(message_bus.RequestName(NAME, 4))
        self._thread = threading.Thread(target=self._serve, name="tray-host")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        assert self._serving is not None
        assert self._asking is not None
        assert self._thread is not None
        # a message to ourselves wakes the thread; closing under its feet would not
        self._asking.send(new_method_call(self._watcher(), "Bye"))
        self._thread.join(10)
        self._serving.close()
        self._asking.close()

    @property
    def items(self) -> list[Item]:
        """Return the icons that are registered now."""
        return list(self._items)

    def wait_for_icon(self) -> Item:
        """Return the newest icon once there is one."""
        wait(lambda: self._items, "the tray icon")
        return self._items[-1]

    def property(self, name: str) -> Any:
        """Return a property of the newest icon, for example "ToolTip" or "IconPixmap"."""
        item = self.wait_for_icon()
        reply = self._ask(item, PROPERTIES, item.path, "Get", "ss", (ITEM, name))
        return reply[0][1]

    def tooltip(self) -> str:
        """Return the tooltip's title."""
        return str(self.property("ToolTip")[2])

    def icon(self, side: int = 22) -> bytes:
        """Return the picture of that side (ARGB, network order)."""
        pictures = {picture[0]: picture[2] for picture in self.property("IconPixmap")}
        return bytes(pictures[side])

    def menu(self) -> list[MenuLine]:
        """Return the menu of the newest icon, opened as a host opens it."""
        item = self.wait_for_icon()
        path = str(self.property("Menu"))
        self._ask(item, MENU, path, "AboutToShow", "i", (0,))
        _, (_, _, children) = self._ask(item, MENU, path, "GetLayout", "iias", (0, -1, []))
        return [_line(child[1]) for child in children]

    def texts(self) -> list[str]:
        """Return the menu's texts."""
        return [line.text for line in self.menu() if not line.separator]

    def click(self, text: str) -> None:
        """Click the line whose text starts with `text`."""
        lines = {line.text: line for line in self.menu()}
        line = next((found for shown, found in lines.items() if shown.startswith(text)), None)
        assert line is not None, f"no {text!r} among {list(lines)}"
        assert line.enabled, f"{text!r} cannot be chosen"
        self.choose(line)

    def choose(self, line: MenuLine) -> None:
        """Click a line as it was shown, whatever has become of the menu since."""
        self._tell(line.id, "clicked")

    def closes(self) -> None:
        """Tell that the menu is open no more."""
        self._tell(0, "closed")

    def activate(self) -> None:
        """Click the icon itself."""
        item = self.wait_for_icon()
        self._ask(item, ITEM, item.path, "Activate", "ii", (100, 100))

    def _tell(self, line: int, event: str) -> None:
        self._ask(self.wait_for_icon(), MENU, str(self.property("Menu")), "Event", "isvu", (line, event, ("s", ""), 0))

    def _ask(self, item: Item, interface: str, path: str, method: str, signature: str, body: tuple[Any, ...]) -> Any:
        assert self._asking is not None
        address = DBusAddress(path, item.service, interface)
        reply = self._asking.send_and_get_reply(new_method_call(address, method, signature, body), timeout=10)
        assert reply.header.message_type == MessageType.method_return, reply.body
        return reply.body

    def _watcher(self) -> DBusAddress:
        return DBusAddress(PATH, NAME, NAME)

    def _serve(self) -> None:
        assert self._serving is not None
        for _ in itertools.count():
            message = self._serving.receive()
            if self._ending:
                return
            if message.header.message_type == MessageType.method_call:
                self._answer(message)

    def _answer(self, message: Message) -> None:
        assert self._serving is not None
        fields = message.header.fields
        match fields.get(HeaderFields.member):
            case "RegisterStatusNotifierItem":
                self._register(message)
                reply = new_method_return(message)
            case "RegisterStatusNotifierHost":
                reply = new_method_return(message)
            case "Get":
                reply = new_method_return(message, "v", (_property(message.body[1], self._items),))
            case "GetAll":
                names = ("IsStatusNotifierHostRegistered", "ProtocolVersion", "RegisteredStatusNotifierItems")
                reply = new_method_return(message, "a{sv}", ({n: _property(n, self._items) for n in names},))
            case _:
                reply = new_method_return(message)
        self._serving.send(reply)

    def _register(self, message: Message) -> None:
        assert self._serving is not None
        sender = str(message.header.fields[HeaderFields.sender])
        given = str(message.body[0])
        path = given if given.startswith("/") else "/StatusNotifierItem"
        self._items.append(Item(sender, path))
        told = new_signal(self._watcher(), "StatusNotifierItemRegistered", "s", (sender + path,))
        self._serving.send(told)


def _property(name: str, items: list[Item]) -> tuple[str, Any]:
    match name:
        case "ProtocolVersion":
            return ("i", 0)
        case "RegisteredStatusNotifierItems":
            return ("as", [item.service + item.path for item in items])
    return ("b", True)


def _line(node: tuple[int, dict[str, tuple[str, Any]], list[Any]]) -> MenuLine:
    number, properties, _ = node
    return MenuLine(
        id=number,
        label=str(properties.get("label", ("s", ""))[1]),
        enabled=bool(properties.get("enabled", ("b", True))[1]),
        separator=properties.get("type", ("s", ""))[1] == "separator",
    )
