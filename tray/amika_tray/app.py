"""The application: snapshot in, icon and menu out; clicks in, requests to the agent out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QDialog, QMenu

from amika_shared.profile import Profile
from amika_shared.redaction import safe_line
from amika_tray.describe import Entry, describe, icon_state, tooltip
from amika_tray.details import Details, details
from amika_tray.icons import dark_panel, state_icon
from amika_tray.link import AgentLink
from amika_tray.menu import draw
from amika_tray.starter import Starter
from amika_tray.tray_icon import TrayIcon
from amika_tray.wording import named, t, tn

if TYPE_CHECKING:
    from amika_tray.sign_in_dialog import SignInDialog

# Windows are imported when they are first opened: most of the time there is only the icon.
STOP_WAIT = 3.0


class TrayApp(QObject):
    """Everything the tray does between start and quit.

    Args:
        profile: whose agent.
        env: this process's environment.
        agent_command: starts the agent: program and arguments.
        now: wall time, epoch seconds.

    """

    quit_asked = Signal()
    """The person chose to quit; what had to be done before is done."""

    def __init__(
        self,
        profile: Profile,
        env: Mapping[str, str],
        agent_command: Sequence[str],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._now = now
        self._env = env
        self._link = AgentLink(profile, env, Starter(agent_command, self), self)
        self._tray = TrayIcon(self)
        self._popup = QMenu()
        self._sign_in: SignInDialog | None = None
        self._windows: dict[str, QDialog] = {}
        self._link.changed.connect(self.refresh)
        # queued: a click may lead to a new menu, and the clicked entry must live until its click is over
        self._tray.chosen.connect(self.do, Qt.ConnectionType.QueuedConnection)
        self._tray.activated.connect(self.pop_up)
        self._tray.about_to_show.connect(self.refresh)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.refresh)

    def open(self) -> None:
        """Appear and find the agent."""
        self.refresh()
        self._tray.show()
        self._link.open()

    def close(self) -> None:
        """Leave the tray; the agent runs on."""
        self._popup.close()
        for window in [*self._windows.values(), self._sign_in]:
            if window is not None:
                window.close()
        self._link.close()
        self._tray.hide()

    def refresh(self) -> None:
        """Draw what is known now."""
        icon = state_icon(icon_state(self._link.snapshot, self._link.link), on_dark=dark_panel(self._env))
        self._tray.set(icon, tooltip(self._link.snapshot, self._now(), self._link.link), self._entries())

    def pop_up(self) -> None:
        """Open the menu at the pointer: a click on the icon, or a second start of the program."""
        if self._sign_in is not None:
            _raise(self._sign_in)
            return
        draw(self._popup, self._entries(), self._do_later, exported=False)
        self._popup.popup(QCursor.pos())

    def do(self, entry: Entry) -> None:
        """Do what an entry of the menu says."""
        match entry.action:
            case "sign_in":
                self.sign_in(entry.target)
            case "sign_out":
                self._sign_out(entry.target)
            case "sync":
                self._link.request("sync").failed.connect(self._failed(t("Sync")))
            case "start_agent":
                self._link.start_agent()
            case "show":
                self._show(entry.target, details(self._link.snapshot, entry.target, self._now()))
            case "quit":
                self._ask_to_quit()

    def sign_in(self, service: str) -> None:
        """Open the sign-in dialog, or bring the open one to the front."""
        from amika_tray.sign_in_dialog import SignInDialog  # noqa: PLC0415

        if self._sign_in is None:
            self._sign_in = SignInDialog(
                service,
                lambda: self._link.request("sign_in", {"service": service}),
                lambda chosen: self._link.request("choose_organization", {"id": chosen}),
                now=self._now,
            )
            self._sign_in.over.connect(self._sign_in_over)
            self._sign_in.begin()
        _raise(self._sign_in)

    def _sign_in_over(self) -> None:
        self._sign_in = None

    def _sign_out(self, service: str) -> None:
        channel = self._link.request("sign_out", {"service": service})
        channel.failed.connect(self._failed(t("Sign out")))
        channel.ended.connect(self._signed_out)

    def _signed_out(self, end: dict[str, Any]) -> None:
        told = signed_out(end)
        if told is not None:
            self._show("signed out", told)

    def _failed(self, what: str) -> Callable[[str, str, str], None]:
        def show(_code: str, message: str, remedy: str) -> None:
            rows = ((t("What"), safe_line(message)), (t("What to do"), safe_line(remedy)))
            told = Details(t("{what} failed", what=what), tuple(row for row in rows if row[1]))
            self._show("failed", told)

        return show

    def _show(self, key: str, told: Details) -> None:
        from amika_tray.details_window import DetailsWindow  # noqa: PLC0415

        earlier = self._windows.pop(key, None)
        if earlier is not None:
            earlier.close()
        window = DetailsWindow(told)
        self._windows[key] = window
        window.finished.connect(lambda _result: self._forget(key, window))
        _raise(window)

    def _forget(self, key: str, window: QDialog) -> None:
        if self._windows.get(key) is window:
            del self._windows[key]

    def _ask_to_quit(self) -> None:
        from amika_tray.details_window import quit_question  # noqa: PLC0415

        if self._link.link.state != "connected":
            self.quit_asked.emit()
            return
        if "quit" in self._windows:
            _raise(self._windows["quit"])
            return
        box = quit_question()
        self._windows["quit"] = box
        box.buttonClicked.connect(self._quit_answered)
        box.finished.connect(lambda _result: self._forget("quit", box))
        _raise(box)

    def _quit_answered(self, button: QAbstractButton) -> None:
        match button.objectName():
            case "stay":
                self.quit_asked.emit()
            case "stop":
                channel = self._link.request("stop")
                channel.ended.connect(self.quit_asked)
                channel.failed.connect(self.quit_asked)
                QTimer.singleShot(round(STOP_WAIT * 1000), self, self.quit_asked.emit)

    def _entries(self) -> list[Entry]:
        return describe(self._link.snapshot, self._now(), self._link.link)

    def _do_later(self, entry: Entry) -> None:
        QTimer.singleShot(0, self, lambda: self.do(entry))


def signed_out(end: Mapping[str, Any]) -> Details | None:
    """Return what a person must know after signing out, or None when there is nothing: it worked and left nothing."""
    left = [named(name, 80) for name in end.get("left_remotely") or [] if isinstance(name, str)]
    rows: list[str] = []
    if end.get("was_signed_in") is True and end.get("revoked") is not True:
        rows.append(t("This machine has forgotten the session, but the server could not be told that it is over."))
        rows.append(named(str(end.get("detail") or ""), 200))
    if left:
        rows.append(tn("This secret stays stored remotely:", "These {n} secrets stay stored remotely:", len(left)))
        rows += left
    rows = [row for row in rows if row]
    return Details(t("Signed out"), tuple(("", row) for row in rows)) if rows else None


def _raise(window: QDialog) -> None:
    window.show()
    window.raise_()
    window.activateWindow()
