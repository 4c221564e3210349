"""The icon in the tray. It outlives every host, and appears when one comes.

Qt asks once per QSystemTrayIcon whether there is a StatusNotifierItem host and keeps the answer: an icon built before
the host stays invisible for ever, while isVisible() says True. So the watcher's name is observed on the session bus
first, and each time it comes or goes the icon is built anew. Without a watcher Qt falls back to XEmbed, whose hosts it
follows by itself.

A menu that a host draws is never drawn anew at the moment when it opens: a panel that fetches it just then may not open
it at all (lxqt-panel does not). Whoever sets the entries keeps them up to date before.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtDBus import QDBusConnection, QDBusServiceWatcher
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from amika_tray.menu.describe import Entry
from amika_tray.menu.menu import DrawnMenu
from amika_tray.notices.notices import Notice

WATCHER = "org.kde.StatusNotifierWatcher"
HELD = 30_000  # ms that a menu on a host stays as it is at most: some hosts never say that it was closed
CLICKED = 100  # ms after a host has closed the menu: it says so before it says what was clicked


class TrayIcon(QObject):
    """Icon, tooltip and menu, drawn on whatever host there is."""

    chosen = Signal(object)
    """An Entry of the menu was clicked."""
    activated = Signal()
    """The icon itself was clicked."""
    about_to_show = Signal()
    """The menu opens. On a host what is set now is shown at the next opening; where Qt draws the menu, at once."""
    told_clicked = Signal(str)
    """The page of a notice that was shown by the icon and clicked."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icon = QIcon()
        self._tooltip = ""
        self._entries: list[Entry] = []
        self._drawn: list[Entry] | None = None
        self._tray: QSystemTrayIcon | None = None
        self._menu = QMenu()
        self._lines = DrawnMenu(self._menu, exported=False)
        self._exported = False
        self._watcher: QDBusServiceWatcher | None = None
        self._told = ""
        self._held = False
        self._over = QTimer(self, singleShot=True)
        self._over.timeout.connect(self._let_go)

    @property
    def has_host(self) -> bool:
        """Tell whether something shows the icon now; asked only after `show`, and not at once."""
        return self._exported or (self._tray is not None and QSystemTrayIcon.isSystemTrayAvailable())

    def tell(self, notice: Notice) -> None:
        """Show a notice beside the icon, where there is one."""
        if self._tray is not None and self._tray.supportsMessages():
            self._told = notice.page
            self._tray.showMessage(notice.title, notice.text, self._icon, 10_000)

    def show(self) -> None:
        """Appear now, or as soon as there is a host."""
        bus = QDBusConnection.sessionBus()
        if bus.isConnected():
            mode = QDBusServiceWatcher.WatchModeFlag.WatchForOwnerChange
            self._watcher = QDBusServiceWatcher(WATCHER, bus, mode, self)
            self._watcher.serviceOwnerChanged.connect(self._host_changed)
        self._build(exported=_registered(bus))

    def hide(self) -> None:
        """Leave the tray."""
        if self._watcher is not None:
            self._watcher.deleteLater()
            self._watcher = None
        self._tear_down()

    def set(self, icon: QIcon, tooltip: str, entries: Sequence[Entry]) -> None:
        """Show this from now on."""
        self._entries = list(entries)
        if self._tray is not None:
            if icon.cacheKey() != self._icon.cacheKey():
                self._tray.setIcon(icon)
            if tooltip != self._tooltip:
                self._tray.setToolTip(tooltip)
        self._icon, self._tooltip = icon, tooltip
        self._draw()

    def _host_changed(self, _name: str, _old: str, new: str) -> None:
        self._tear_down()
        self._build(exported=bool(new))

    def _build(self, *, exported: bool) -> None:
        self._exported = exported
        self._menu = QMenu()
        self._menu.aboutToShow.connect(self._opens)
        self._menu.aboutToHide.connect(self._closes)
        self._lines = DrawnMenu(self._menu, exported=exported)
        self._drawn = None
        self._draw()
        tray = QSystemTrayIcon(self._icon, self)
        tray.setToolTip(self._tooltip)
        tray.setContextMenu(self._menu)
        tray.activated.connect(self._activated)
        tray.messageClicked.connect(lambda: self.told_clicked.emit(self._told))
        tray.show()
        self._tray = tray

    def _tear_down(self) -> None:
        self._held = False
        self._over.stop()
        if self._tray is not None:
            self._tray.hide()
            self._tray.deleteLater()
            self._tray = None
            self._menu.deleteLater()

    def _draw(self) -> None:
        if self._drawn == self._entries or self._held or self._menu.isVisible():
            return  # a menu under the pointer is not pulled away; it is drawn anew when it has closed
        self._drawn = list(self._entries)
        self._lines.draw(self._drawn, self.chosen.emit)

    def _opens(self) -> None:
        if self._exported:  # no `isVisible` tells that a host shows it
            if self._held:
                self._let_go()  # it opens again: this host does not say when it is closed
            self._held = True
            self._over.start(HELD)
        self.about_to_show.emit()

    def _closes(self) -> None:
        # never at once: the click that closes it is still under way, and needs its line, which may be no more by now
        self._over.start(CLICKED if self._exported else 0)

    def _let_go(self) -> None:
        self._held = False
        self._draw()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.activated.emit()


def _registered(bus: QDBusConnection) -> bool:
    if not bus.isConnected():
        return False
    reply = bus.interface().isServiceRegistered(WATCHER)
    return bool(reply.value()) if hasattr(reply, "value") else bool(reply)
