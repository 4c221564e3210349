"""A workspace that was started for a moment ends with its last user, whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agent.workspace.running import RunningServer

from amika_agent.clock import SystemClock
from amika_agent.module_process import module_command
from amika_agent.workspace import launch
from amika_agent.workspace.in_use import LOCK, Use
from amika_local.errors import Busy

pytestmark = pytest.mark.process
CLOCK = SystemClock()
CHILD = """
import sys
from amika_agent.clock import SystemClock
from amika_agent.workspace.in_use import Use
with Use(sys.argv[1], SystemClock()) as use:
    print(use.running.url, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    folder = str(tmp_path / "data")
    yield folder
    if running := launch.find(folder, CLOCK):
        launch.stop(running, CLOCK)


def other(data: str) -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


def leave(child: subprocess.Popen[str]) -> None:
    child.communicate("\n", timeout=30)
    assert child.returncode == 0


def test_it_ends_when_its_only_user_was_killed(data: str) -> None:
    user, _ = other(data)  # holds the lock before there is anything to use
    flags = ("--data", data, "--while-used", "--look-every", "0.1")
    launch.stop(launch.ensure(data, CLOCK), CLOCK)
    served = subprocess.Popen(module_command("amika_agent.workspace", *flags), stdout=subprocess.PIPE, text=True)
    assert served.stdout is not None
    assert "url" in served.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        served.wait(1.0)
    user.kill()
    user.communicate()
    assert served.wait(30) == 0
    assert launch.find(data, CLOCK) is None
    served.stdout.close()
    with Use(data, CLOCK) as use:
        assert use.running.started


def test_the_one_who_started_it_leaves_it_to_the_last(data: str) -> None:
    child, url = other(data)
    with Use(data, CLOCK) as mine:
        assert (mine.running.url, mine.running.started) == (url, False)
        leave(child)
        assert launch.find(data, CLOCK) is not None
    assert launch.find(data, CLOCK) is None


def test_the_one_who_came_later_leaves_it_alone(data: str) -> None:
    with Use(data, CLOCK) as mine:
        child, url = other(data)
        leave(child)
        found = launch.find(data, CLOCK)
        assert found is not None
        assert found.url == mine.running.url == url
    assert launch.find(data, CLOCK) is None


def test_the_last_one_stops_it_although_the_starter_was_killed(data: str) -> None:
    child, _ = other(data)
    with Use(data, CLOCK):
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=30)
    assert launch.find(data, CLOCK) is None


def test_what_a_person_serves_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    folder = tmp_path / "data"
    with RunningServer(folder):
        (folder / LOCK).write_text("1 http://127.0.0.1:1")  # what an earlier one left
        with Use(str(folder), CLOCK) as use:
            assert not use.running.started
        assert launch.find(str(folder), CLOCK) is not None


def test_it_comes_back_when_it_died_meanwhile(data: str) -> None:
    with Use(data, CLOCK) as use:
        first = use.running
        launch.stop(first, CLOCK)
        assert use.again().url.startswith("http://127.0.0.1:")
        assert use.running.pid != first.pid
    assert launch.find(data, CLOCK) is None


def test_many_who_come_and_go_leave_nothing(data: str) -> None:
    children = [other(data)[0] for _ in range(3)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        child.communicate(timeout=30)
        assert child.returncode == 0
    assert launch.find(data, CLOCK) is None


def test_who_comes_while_it_is_being_stopped_waits(data: str) -> None:
    import fcntl

    class Impatient(SystemClock):
        def monotonic(self) -> float:
            return super().monotonic() * 100

    os.makedirs(data)
    with open(os.path.join(data, LOCK), "w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Busy):
            Use(data, Impatient())
