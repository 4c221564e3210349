"""Runs the application on this desktop: Qt's messages, signals, the single instance, the event loop."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QMessageLogContext, QSocketNotifier, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from amika_shared.profile import Profile
from amika_tray.agent_link.command import own_program
from amika_tray.app import TrayApp
from amika_tray.autostart import at_login
from amika_tray.instance import CannotRun, Instance

__all__ = ["CannotRun", "Manner", "default_agent_command", "run"]

BROKEN_DISPLAY = """\
the display cannot be used: {reason}
  Check that DISPLAY or WAYLAND_DISPLAY names a running display of yours. If a library is missing, on Debian:
  apt install libgl1 libegl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
libxcb-render-util0 libxcb-shape0 libxcb-xkb1"""
# what Qt warns of on Wayland, and nobody can do anything about: a desktop without portals, a window without a keyboard
NOISE = frozenset({"qt.qpa.services", "qt.qpa.wayland.textinput"})
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def default_agent_command(*, local: bool, homedir: str | None) -> list[str]:
    """Return the command that starts the agent of the same profile."""
    command = [own_program("amika-agent"), "start"]
    if local:
        command.append("--local")
    if homedir is not None:
        command += ["--homedir", os.path.abspath(homedir)]
    return command


@dataclass(frozen=True)
class Manner:
    """How the tray was started. flags: those that name the profile, for commands of ours; hidden: by the desktop."""

    local: bool = False
    hidden: bool = False
    flags: tuple[str, ...] = ()


def run(profile: Profile, env: Mapping[str, str], agent_command: Sequence[str], manner: Manner) -> int:
    """Run until the person quits, the session ends or a signal asks; return the exit code.

    Raises:
        CannotRun: the runtime folder cannot be used.

    """
    instance = Instance(profile.runtime_dir)
    if not instance.acquire():
        sys.stderr.write("amika-tray: it is already running; its window opens.\n")
        return 0
    try:
        return _run(profile, env, agent_command, manner, instance)
    finally:
        instance.release()


def _run(
    profile: Profile, env: Mapping[str, str], agent_command: Sequence[str], manner: Manner, instance: Instance
) -> int:
    qInstallMessageHandler(_qt_said)
    application = QApplication(["amika-tray"])
    application.setApplicationName("amika-tray")
    application.setApplicationDisplayName("Amika")
    application.setDesktopFileName("amika-tray")
    application.setQuitOnLastWindowClosed(False)
    # with a home of its own it is somebody's experiment, not what should come up at login
    login = None if profile.confined else at_login(env, own_program("amika-tray"), local=manner.local)
    app = TrayApp(profile, env, agent_command, flags=manner.flags, at_login=login)
    # not `quit`: that one asks every window first
    app.quit_asked.connect(lambda: application.exit(0))
    instance.knocked.connect(app.knocked)
    instance.listen()
    with _quit_on_signal(application):
        app.open(hidden=manner.hidden)
        application.exec()
        app.close()
    return 0


@contextmanager
def _quit_on_signal(application: QApplication) -> Iterator[None]:
    """Let SIGTERM and its like end the event loop: Python's own handlers would wait for it to end by itself."""
    near, far = socket.socketpair()
    near.setblocking(False)  # noqa: FBT003 -- the socket module's signature
    far.setblocking(False)  # noqa: FBT003
    notifier = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: application.exit(0))
    earlier = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    wakeup = signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in earlier.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        near.close()
        far.close()


def _qt_said(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    if kind == QtMsgType.QtWarningMsg and context.category in NOISE:
        return
    sys.stderr.write(f"amika-tray: {message}\n")
    if kind == QtMsgType.QtFatalMsg:
        # Qt would abort with a core file; a display that cannot be used is no crash of ours
        reason = message.strip().splitlines()[0] if message.strip() else "Qt gave no reason"
        sys.stderr.write(f"amika-tray: {BROKEN_DISPLAY.format(reason=reason)}\n")
        sys.stderr.flush()
        os._exit(5)
