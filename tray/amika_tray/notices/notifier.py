"""Shows notices: by the desktop's notification service, else by the icon. A click leads to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from amika_tray.notices.bus import Bus, session_address
from amika_tray.notices.notices import Notice
from amika_tray.wording import t

SERVICE = "org.freedesktop.Notifications"
PLACE = (SERVICE, "/org/freedesktop/Notifications", SERVICE)
CRITICAL, NORMAL = 2, 1
KEPT = 50  # notices whose clicks are still known


class Notifier(QObject):
    """Connects to the session bus with the first notice, and again after it broke.

    Args:
        env: environment; names the session bus.
        fall_back: shows a notice where there is no such service.
        parent: owner.

    """

    clicked = Signal(str)
    """The page of the notice that was clicked."""

    def __init__(
        self, env: Mapping[str, str], fall_back: Callable[[Notice], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._address = session_address(env)
        self._fall_back = fall_back
        self._bus: Bus | None = None
        self._pages: dict[int, str] = {}

    def show(self, notice: Notice) -> None:
        """Show it, without waiting for anybody."""
        bus = self._opened()
        if bus is None:
            self._fall_back(notice)
            return
        hints = {"urgency": ("y", CRITICAL if notice.urgent else NORMAL), "desktop-entry": ("s", "amika-tray")}
        # the body may be markup by the service's rules, the title may not
        body = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        arguments = ["Amika", 0, "amika-tray", notice.title, body, ["default", t("Open")], hints, -1]
        bus.call(PLACE, "Notify", "susssasa{sv}i", arguments, lambda answer: self._shown(notice, answer))

    def close(self) -> None:
        """Let go of the bus; what is shown stays."""
        if self._bus is not None:
            self._bus.close()
            self._bus.deleteLater()
            self._bus = None

    def _opened(self) -> Bus | None:
        if self._bus is not None and self._bus.open:
            return self._bus
        self.close()  # it broke, or there was none
        bus = Bus(self._address, self)
        if not bus.open:
            bus.deleteLater()
            return None
        bus.signalled.connect(self._signalled)
        bus.subscribe(SERVICE)
        self._bus = bus
        return bus

    def _shown(self, notice: Notice, answer: list[Any] | None) -> None:
        if answer and isinstance(answer[0], int):
            self._pages[answer[0]] = notice.page
            while len(self._pages) > KEPT:
                del self._pages[next(iter(self._pages))]
        else:
            self._fall_back(notice)

    def _signalled(self, interface: str, member: str, arguments: list[Any]) -> None:
        if interface != SERVICE or not arguments:
            return
        if member == "ActionInvoked":
            page = self._pages.get(arguments[0])
            if page is not None:
                self.clicked.emit(page)
        elif member == "NotificationClosed":
            self._pages.pop(arguments[0], None)
