"""The GUI thread waits for nobody: what waits is not called there, and the event loop is watched."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QObject, QTimer
from PySide6.QtWidgets import QApplication
from tests.fakes.agent_server import FakeAgent
from tests.tray.sample import credential, machine
from tests.tray.waiting import settle, until

from amika_shared.profile import Profile
from amika_tray.app import TrayApp

TRAY = Path(__file__).resolve().parents[2] / "tray" / "amika_tray"
LONGEST = 0.05
# each of these is run in a thread or at the end of the program: see the class that does it
THREADS = {"autostart.py": "Background", "told.py": "Background", "browser.py": "threading.Thread"}
WAITING = {"sleep", "waitForFinished", "waitForStarted", "waitForReadyRead", "exec", "communicate", "urlopen", "fsync"}
ALLOWED = {
    ("desktop.py", "exec"),  # the event loop itself
    ("starter.py", "waitForFinished"),  # at the end of the program, for a process that was killed
    ("command.py", "waitForFinished"),
}


class LoopWatch(QObject):
    """Measures the longest turn of the event loop, in processor time of its thread: load is no excuse.

    Waiting costs no processor time, so whether events are handled before or after the wait (it depends on the
    dispatcher) makes no difference. What would wait in a turn is found by the other tests here.
    """

    def __init__(self) -> None:
        super().__init__()
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        self.longest = 0.0
        self._since = time.thread_time()
        dispatcher.awake.connect(self._turned)
        dispatcher.aboutToBlock.connect(self._turned)

    def _turned(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._since)
        self._since = now


def test_the_watch_sees_what_holds_up_the_loop(qt: QApplication) -> None:
    def work() -> None:
        end = time.thread_time() + LONGEST
        while time.thread_time() < end:
            pass

    watch = LoopWatch()
    QTimer.singleShot(10, work)
    settle(100)
    assert watch.longest >= LONGEST


@pytest.fixture
def app(qt: QApplication, agent: FakeAgent, profile: Profile) -> Iterator[TrayApp]:
    app = TrayApp(profile, os.environ, ["true"], flags=["--local"])
    app.open()
    until(lambda: app._link.link.state == "connected")
    yield app
    app.close()


def calls(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    found = {
        node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return found | {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}


def test_nothing_that_waits_is_called_outside_of_threads() -> None:
    found = {(path.name, name) for path in TRAY.rglob("*.py") for name in calls(path) & WAITING}
    assert found == ALLOWED


def test_files_are_opened_only_by_what_runs_in_a_thread_or_before_the_loop() -> None:
    opening = {path.name for path in TRAY.rglob("*.py") if "open" in calls(path) and "open(" in _bare_opens(path)}
    # instance.py takes its lock before there is a loop
    assert opening == {"autostart.py", "told.py"} | ({"instance.py"} & opening)
    assert opening - {"instance.py"} <= set(THREADS)


def _bare_opens(path: Path) -> str:
    tree = ast.parse(path.read_text())
    bare = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "open"
    ]
    return "open(" if bare else ""


def test_every_socket_of_the_tray_is_non_blocking() -> None:
    script = """
import os, socket, sys
blocking = []
real = socket.socket.connect
def hook(event, args):
    if event == "socket.connect" and args[0].getblocking():
        blocking.append(args[1])
    if event in ("socket.getaddrinfo", "subprocess.Popen", "os.system"):
        blocking.append(event)
sys.addaudithook(hook)
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from amika_shared.profile import resolve
qt = QApplication(["x"])
from amika_tray.app import TrayApp
app = TrayApp(resolve(os.environ, local=True), os.environ, ["true"])
app.open()
app.open_window("settings")
QTimer.singleShot(1500, qt.quit)
qt.exec()
app.close()
print(blocking)
"""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "[]\n", done.stderr


def test_an_agent_that_hangs_with_the_window_open_does_not_hold_up_the_loop(app: TrayApp, agent: FakeAgent) -> None:
    agent.publish(**machine(time.time()))
    for page in ("credentials", "rules", "vault", "connections", "activity", "problems", "settings", "diagnostics"):
        app.open_window(page)
        settle(30)
    agent.mute = True
    watch = LoopWatch()
    for page in ("activity", "vault", "connections", "rules", "settings"):
        app.open_window(page)
        settle(100)
    assert watch.longest < LONGEST, f"{watch.longest * 1000:.0f} ms"


def test_a_thousand_credentials_arriving_do_not_hold_up_the_loop(app: TrayApp, agent: FakeAgent) -> None:
    agent.publish(**machine(time.time()))
    app.open_window("credentials")
    settle(200)
    many = [credential(f"s{n}", "anthropic", "oauth", time.time() + n, "in_sync", "X" * 40) for n in range(1000)]
    watch = LoopWatch()
    agent.publish(credentials=many)
    until(lambda: len(app._link.snapshot["credentials"]) == 1000)
    settle(200)
    print(f"longest turn of the event loop with 1,000 credentials: {watch.longest * 1000:.0f} ms of processor time")
    assert watch.longest < 2 * LONGEST, f"{watch.longest * 1000:.0f} ms"
