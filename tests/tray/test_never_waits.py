"""The GUI thread waits for nobody: what waits is not called there, and the event loop is watched."""

from __future__ import annotations

import ast
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractEventDispatcher, QObject, QTimer
from PySide6.QtWidgets import QApplication
from tests.fakes.agent_server import FakeAgent
from tests.tray.sample import credential, machine
from tests.tray.waiting import settle, until

from amika_agent.server.fitting import fitted
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
    until(lambda: watch.longest >= LONGEST)


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


WATCHED = """
import os, sys, threading
gui = threading.current_thread()
# agent.json and boot_id are read in a moment; the others are Python's own: what is imported when it is first needed
QUICK = ("agent.json", "boot_id", ".py", ".pyc", ".so", "pyvenv.cfg", ".pth")
found = set()
def hook(event, args):
    if threading.current_thread() is not gui:
        return
    if event == "socket.connect" and args[0].getblocking():
        found.add(f"{event} {args[1]}")
    elif event == "open" and not str(args[0]).endswith(QUICK) and not isinstance(args[0], int):
        found.add(f"{event} {args[0]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen", "os.system", "time.sleep"):
        found.add(event)
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from amika_shared.profile import resolve
qt = QApplication(["x"])
from amika_tray.app import TrayApp
from amika_tray.autostart import at_login
login = at_login(os.environ, "/usr/bin/amika-tray", local=True)
app = TrayApp(resolve(os.environ, local=True), os.environ, ["true"], at_login=login)
sys.addaudithook(hook)
app.open()
pages = ["vault", "connections", "activity", "rules", "diagnostics", "problems", "credentials", "settings"]
turn = QTimer(interval=100)
def work():
    if app._link.link.state == "starting" and len(pages) == 8:
        return
    if pages:
        app.open_window(pages.pop())
        app.pop_up()
        return
    turn.stop()
    app.act("at_login", "on")
    app.act("copy_env")
    app.sign_in("amika")
    QTimer.singleShot(700, lambda: qt.exit(0))
turn.timeout.connect(work)
turn.start()
qt.exec()
app.close()
print(sorted(found))
"""


def watched(meanwhile: Callable[[], None] = lambda: None) -> list[str]:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", WATCHED]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        meanwhile()
        said, complaints = program.communicate(timeout=60)
    assert program.returncode == 0, complaints
    return list(ast.literal_eval(said))


def test_no_call_on_the_gui_thread_waits_for_a_socket_a_file_or_a_program() -> None:
    assert watched() == []


@pytest.mark.parametrize("hangs", [False, True])
def test_nor_with_an_agent_whether_it_answers_or_hangs(agent: FakeAgent, *, hangs: bool) -> None:
    def hang() -> None:
        end = time.monotonic() + 30
        while ("settings", {}) not in agent.asked and time.monotonic() < end:  # the first page that is opened
            time.sleep(0.005)
        agent.mute = hangs

    agent.publish(**machine(time.time()))
    assert watched(hang) == []
    assert {"watch", "settings", "activity", "secret_list", "connections", "copy_env", "sign_in"} <= {
        op for op, _ in agent.asked
    }


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


def longest_turn(app: TrayApp, agent: FakeAgent, snapshots: Sequence[dict[str, Any]]) -> float:
    """Return the longest turn that a snapshot takes to be drawn, seconds; the best of several of the same size.

    Another process on the same core makes the same work dearer, and so does this test's own garbage: never all of them.
    """
    gc.collect()
    gc.freeze()
    found = []
    for snapshot in snapshots:
        watch = LoopWatch()
        agent.publish(**snapshot)
        until(lambda snapshot=snapshot: app._link.snapshot["rules"][0]["name"] == snapshot["rules"][0]["name"])
        settle(200)
        found.append(watch.longest)
    gc.unfreeze()
    return min(found)


@pytest.mark.parametrize(("many", "letters"), [(1000, 40), (10_000, 500)])
def test_many_credentials_arriving_do_not_hold_up_the_loop(
    app: TrayApp, agent: FakeAgent, many: int, letters: int
) -> None:
    agent.publish(**machine(time.time()))
    app.open_window("credentials")
    settle(200)
    name = "N" * letters
    # what the agent sends: as many as fit a frame; each time all of them are others
    snapshots = [
        fitted(
            {
                "credentials": [
                    credential(f"{time_}{n}-{name}", "anthropic", "oauth", time.time() + n, "in_sync", name)
                    for n in range(many)
                ],
                "rules": [{"id": "r", "name": time_}],
            }
        )
        for time_ in "abc"
    ]
    longest = longest_turn(app, agent, snapshots)
    print(f"longest turn of the event loop with {many} credentials: {longest * 1000:.0f} ms of processor time")
    assert longest < LONGEST, f"{longest * 1000:.0f} ms"
