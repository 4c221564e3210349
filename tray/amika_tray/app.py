"""The application: snapshot in, icon and menu out; clicks in, requests to the agent out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QDialog, QMenu, QWidget

from amika_shared.profile import Profile
from amika_tray.agent_link.channel import Channel
from amika_tray.agent_link.command import Command, own_program
from amika_tray.agent_link.file_watch import FileWatch
from amika_tray.agent_link.link import AgentLink
from amika_tray.agent_link.starter import Starter
from amika_tray.autostart import AtLogin
from amika_tray.background import Background
from amika_tray.clipboard import SecretClipboard
from amika_tray.environment_copy import EnvironmentCopy
from amika_tray.icons import dark_panel, state_icon
from amika_tray.menu.describe import Entry, describe, icon_state, stale_in, tooltip
from amika_tray.menu.details import Details, copied, details, failed, signed_out
from amika_tray.menu.menu import DrawnMenu
from amika_tray.notices.news import News
from amika_tray.notices.notifier import Notifier
from amika_tray.theme import Theme
from amika_tray.tray_icon import TrayIcon
from amika_tray.wayland import belong, on_wayland

if TYPE_CHECKING:
    from amika_tray.sign_in.dialog import SignInDialog
    from amika_tray.window.main_window import MainWindow

# Windows are imported when they are first opened: most of the time there is only the icon.
STOP_WAIT = 3.0
HOST_WAIT = 5.0  # a panel may come up after us at login
MARGIN = 0.05  # seconds after which a time has surely become another text


class TrayApp(QObject):
    """Everything the tray does between start and quit.

    Args:
        profile: whose agent.
        env: this process's environment.
        agent_command: starts the agent: program and arguments.
        flags: the flags that commands of ours need to mean the same profile.
        at_login: where the desktop looks at login; None when this tray cannot be started from there.
        now: wall time, epoch seconds.
        program: finds a program of ours by its name.

    """

    quit_asked = Signal()
    """The person chose to quit; what had to be done before is done."""

    def __init__(
        self,
        profile: Profile,
        env: Mapping[str, str],
        agent_command: Sequence[str],
        *,
        flags: Sequence[str] = (),
        at_login: AtLogin | None = None,
        now: Callable[[], float] = time.time,
        program: Callable[[str], str] = own_program,
    ) -> None:
        super().__init__()
        self._now = now
        self._program = program
        self._env = env
        self._flags = list(flags)
        self._profile = profile
        self._link = AgentLink(profile, env, Starter(agent_command, self), self)
        self._tray = TrayIcon(self)
        self._popup = QMenu()
        self._popped = DrawnMenu(self._popup, exported=False)
        self._stale = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._stale.timeout.connect(self.refresh)
        self._sign_in: SignInDialog | None = None
        self._windows: dict[str, QDialog] = {}
        self._window: MainWindow | None = None
        self._commands: list[Command] = []
        self._resolving: set[str] = set()
        self._clipboard = SecretClipboard(self)
        self._background = Background(self)
        self._login, self._starts_at_login = at_login, None if at_login is None else False
        self._notifier = Notifier(env, self._tray.tell, self)
        self._environment = EnvironmentCopy(self._clipboard, self._notifier.show, self)
        self._environment.asked.connect(self._ask_to_copy)
        self._news = News(self._link, profile, self._notifier.show, now, parent=self)
        self._theme = Theme(env, self)
        self._connect()

    def _connect(self) -> None:
        self._link.changed.connect(self.refresh)
        # queued: a click may lead to a new menu, and the clicked entry must live until its click is over
        self._tray.chosen.connect(self.do, Qt.ConnectionType.QueuedConnection)
        self._tray.activated.connect(self.pop_up)
        self._tray.about_to_show.connect(self._about_to_show)
        self._tray.told_clicked.connect(self.open_window)
        self._notifier.clicked.connect(self.open_window)
        self._theme.changed.connect(self.refresh)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.refresh)

    def open(self, *, hidden: bool = True) -> None:
        """Appear and find the agent. hidden: False opens the window where there turns out to be no tray."""
        self.refresh()
        self._tray.show()
        self._link.open()
        self._news.open()
        self._theme.open()
        self._look_at_login()
        if not hidden:
            QTimer.singleShot(round(HOST_WAIT * 1000), self, self._open_without_tray)

    def close(self) -> None:
        """Leave the tray; the agent runs on."""
        self._popup.close()
        self._popped.draw([], self._do_later)
        self._stale.stop()
        for window in [*self._windows.values(), self._sign_in, self._window]:
            if window is not None:
                window.close()
        for command in list(self._commands):
            command.stop()
        self._clipboard.clear()
        self._news.close()
        self._notifier.close()
        self._theme.close()
        self._link.close()
        self._tray.hide()

    def refresh(self) -> None:
        """Draw what is known now."""
        icon = state_icon(icon_state(self._link.snapshot, self._link.link), on_dark=dark_panel(self._env))
        self._tray.set(icon, tooltip(self._link.snapshot, self._now(), self._link.link), self._entries())
        if self._window is not None:
            self._window.show_snapshot(self._link.snapshot, self._now(), self._link.link)
        stale = stale_in(self._link.snapshot, self._now())
        if stale is None:
            self._stale.stop()
        else:
            self._stale.start(round((stale + MARGIN) * 1000))

    def pop_up(self) -> None:
        """Open the menu at the pointer, or the window where no menu can open there: a click on the icon."""
        if self._sign_in is not None:
            _raise(self._sign_in)
            return
        if on_wayland():
            self.open_window()
        else:
            self.open_menu(QCursor.pos())

    def open_menu(self, at: QPoint) -> None:
        """Open the menu of the icon somewhere on the screen."""
        self._popped.draw(self._entries(), self._do_later)
        belong(self._popup, self._window)
        self._popup.popup(at)

    def open_window(self, page: str = "credentials") -> None:
        """Open the window on a page, or bring the open one to the front."""
        from amika_tray.window.main_window import MainWindow  # noqa: PLC0415

        if self._window is None:
            self._window = MainWindow(self)
            self._window.destroyed.connect(self._window_gone)
            self._window.show_snapshot(self._link.snapshot, self._now(), self._link.link)
        self._window.show_page(page)
        _raise(self._window)

    def knocked(self) -> None:
        """Answer a second start of the program: show the window, or the sign-in that is under way."""
        if self._sign_in is not None:
            _raise(self._sign_in)
        else:
            self.open_window()

    def ask(self, op: str, args: dict[str, Any] | None, parent: QObject) -> Channel:
        """Return a channel on which the agent was asked; it goes with its answer, or with `parent`."""
        channel = self._link.request(op, args)
        channel.setParent(parent)
        channel.ended.connect(channel.deleteLater)
        channel.failed.connect(channel.deleteLater)
        return channel

    def act(self, action: str, target: str = "") -> None:
        """Do what an entry with this action would, after the click that asked for it is over."""
        self._do_later(Entry(action=action, target=target))

    def command(self, *words: str) -> Command:
        """Return a command of `amika` for this profile, not yet started. It outlives the page that asked for it."""
        command = Command([self._program("amika"), *words, *self._flags], self)
        self._commands.append(command)
        for over in (command.done, command.failed):
            over.connect(lambda _said: self._command_over(command))
        return command

    def watch(self, file: str, parent: QObject) -> FileWatch:
        """Return a watch on a file of this profile; it goes with `parent`."""
        path = os.path.join(self._profile.data_dir, file)
        return FileWatch(self._profile.settings_file if file == "settings.toml" else path, parent)

    @property
    def at_login(self) -> bool | None:
        """Whether the tray starts at login; None when that cannot be told or changed."""
        return self._starts_at_login

    def do(self, entry: Entry) -> None:
        """Do what an entry of the menu says."""
        match entry.action:
            case "sign_in":
                self.sign_in(entry.target)
            case "sign_out":
                self._sign_out(entry.target)
            case "sync" | "resume":
                self._link.request(entry.action).failed.connect(self._failed(entry.action))
            case "pause":
                seconds = {"seconds": int(entry.target) if entry.target else None}
                self._link.request("pause", seconds).failed.connect(self._failed("pause"))
            case "copy_env":
                self._copy_environment()
            case "start_agent":
                self._link.start_agent()
            case "restart_agent":
                self._link.restart_agent()
            case "show":
                self._show(entry.target, details(self._link.snapshot, entry.target, self._now()))
            case "quit":
                self._ask_to_quit()
            case _:
                self._do_here(entry)

    def _do_here(self, entry: Entry) -> None:
        """Do what concerns this program and this desktop only."""
        match entry.action:
            case "open":
                self.open_window(entry.target)
            case "at_login":
                self._switch_at_login(on=entry.target == "on")
            case "copy_text":
                QGuiApplication.clipboard().setText(entry.target)
            case "resolve":
                self._resolve(entry.target)
            case "show_file":
                from amika_tray.browser import show_folder_of  # noqa: PLC0415

                show_folder_of(entry.target)

    def sign_in(self, service: str) -> None:
        """Open the sign-in dialog, or bring the open one to the front."""
        from amika_tray.sign_in.dialog import SignInDialog  # noqa: PLC0415

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

    def _resolve(self, target: str) -> None:
        """Give a rule the answer that it asks for. target: the rule's id and the answer."""
        if target in self._resolving:
            return  # a second click
        self._resolving.add(target)
        command = self.command("sync", "resolve", *target.split())
        command.done.connect(lambda _said: self._resolving.discard(target))
        command.failed.connect(lambda _reason: self._resolving.discard(target))
        command.failed.connect(lambda reason: self._failed("resolve")("", reason, ""))
        command.start()

    def _command_over(self, command: Command) -> None:
        self._commands.remove(command)
        command.let_go()

    def _sign_in_over(self) -> None:
        self._sign_in = None

    def _sign_out(self, service: str) -> None:
        channel = self._link.request("sign_out", {"service": service})
        channel.failed.connect(self._failed("sign_out"))
        channel.ended.connect(self._signed_out)

    def _signed_out(self, end: dict[str, Any]) -> None:
        told = signed_out(end)
        if told is not None:
            self._show("signed out", told)

    def _copy_environment(self) -> None:
        channel = self._link.request("copy_env", {"shell": "posix"})
        channel.failed.connect(self._failed("copy_env"))
        channel.ended.connect(self._copied)

    def _copied(self, end: dict[str, Any]) -> None:
        if not self._environment.put(end):
            self._show("copied", copied(end))

    def _ask_to_copy(self, question: QDialog) -> None:
        self._put_up("copy", question)

    def _look_at_login(self) -> None:
        if self._login is not None:
            self._background.run(self._login.is_on, self._at_login_is)

    def _switch_at_login(self, *, on: bool) -> None:
        login = self._login
        if login is not None:
            self._background.run(lambda: login.switch(on=on), self._at_login_switched)

    def _at_login_switched(self, reason: object) -> None:
        if reason:
            self._failed("at_login")("", str(reason), "")
        self._look_at_login()

    def _at_login_is(self, on: object) -> None:
        self._starts_at_login = on is True
        self.refresh()

    def _about_to_show(self) -> None:
        self.refresh()
        self._look_at_login()  # a person may have changed it elsewhere; the next opening shows it

    def _open_without_tray(self) -> None:
        if not self._tray.has_host:
            self.open_window()

    def _window_gone(self) -> None:
        self._window = None

    def _failed(self, action: str) -> Callable[[str, str, str], None]:
        return lambda _code, message, remedy: self._show("failed", failed(action, message, remedy))

    def _show(self, key: str, told: Details) -> None:
        from amika_tray.menu.details_window import DetailsWindow  # noqa: PLC0415

        self._put_up(key, DetailsWindow(told))

    def _put_up(self, key: str, window: QDialog) -> None:
        """Show a small window instead of the earlier one of its kind."""
        earlier = self._windows.pop(key, None)
        if earlier is not None:
            earlier.close()
        self._windows[key] = window
        window.finished.connect(lambda _result: self._forget(key, window))
        _raise(window)

    def _forget(self, key: str, window: QDialog) -> None:
        if self._windows.get(key) is window:
            del self._windows[key]

    def _ask_to_quit(self) -> None:
        from amika_tray.menu.details_window import quit_question  # noqa: PLC0415

        if self._link.link.state != "connected":
            self.quit_asked.emit()
            return
        if "quit" in self._windows:
            _raise(self._windows["quit"])
            return
        box = quit_question()
        box.buttonClicked.connect(self._quit_answered)
        self._put_up("quit", box)

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
        return describe(self._link.snapshot, self._now(), self._link.link, at_login=self._starts_at_login)

    def _do_later(self, entry: Entry) -> None:
        QTimer.singleShot(0, self, lambda: self.do(entry))


def _raise(window: QWidget) -> None:
    window.show()
    window.raise_()
    window.activateWindow()
