"""Idle means asleep: agent and local workspace as real processes, and the seconds in which any thread of them woke."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.benchmarks.idle import place, used
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.agents import AgentProcess

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.client import AgentClient
from amika_shared.profile import resolve

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counted in /proc"),
]

WINDOW = 30  # seconds
# the one look a minute is seen in one second or, at its edge, in two; whatever ticks every ten seconds in three
WAKEFUL = 2
PATIENCE = 200.0  # what was begun at the start ends some time, on a busy machine late


class Sleeper:
    """A process, and in which of the last seconds it woke up: `wakes` is told of each second by `counted`."""

    def __init__(self, name: str, pid: int) -> None:
        self.name = name
        self._process = place(pid)
        self._last = used(self._process)[1]
        self.wakes: deque[int] = deque(maxlen=WINDOW)

    def counted(self) -> None:
        before, self._last = self._last, used(self._process)[1]
        self.wakes.append(self._last - before)

    def asleep(self) -> bool:
        return len(self.wakes) == WINDOW and sum(1 for wakes in self.wakes if wakes) <= WAKEFUL


def all_sleep(sleepers: list[Sleeper]) -> bool:
    """Tell whether there is a window, within PATIENCE, in which every one of them sleeps."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(1)
        for sleeper in sleepers:
            sleeper.counted()
        if all(sleeper.asleep() for sleeper in sleepers):
            return True
    return False


@pytest.fixture
def workspace(home: Path) -> Iterator[launch.RunningWorkspace]:
    """A local workspace that this home has signed in to and pushed a credential to."""
    claude_signs_in(home)
    command = [sys.executable, "-m", "amika_cli.main", "up", "--local", "--yes", "--once", "--no-tray"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    data = os.path.join(resolve(os.environ, local=True).data_dir, "workspace")
    running = launch.ensure(data, SystemClock())
    try:
        assert done.returncode == 0, done.stderr
        yield running
    finally:
        launch.stop(running, SystemClock())


@pytest.fixture
def agent(workspace: launch.RunningWorkspace) -> Iterator[AgentProcess]:
    running = AgentProcess(local=True)
    try:
        yield running.up()
    finally:
        running.end()


@pytest.fixture
def shown(agent: AgentProcess) -> Iterator[AgentClient]:
    """Somebody who is shown every change, as the tray is."""
    with closing(agent.client()) as client:
        yield client


def test_agent_and_workspace_sleep_while_nothing_is_due(
    agent: AgentProcess,
    workspace: launch.RunningWorkspace,
    shown: AgentClient,
    until: Callable[..., object],
) -> None:
    stream = shown.stream("watch")
    until(lambda: next(stream)["state"] == "in_sync", "the end of the work", 60)
    sleepers = [Sleeper("agent", agent.pid), Sleeper("workspace", workspace.pid)]
    assert all_sleep(sleepers), "; ".join(f"{sleeper.name}: {list(sleeper.wakes)}" for sleeper in sleepers)


def test_what_ticks_is_found(until: Callable[..., object]) -> None:
    """The counter itself: a process that wakes up every second is not taken for one that sleeps."""
    code = "import time\nprint(flush=True)\nwhile True: time.sleep(1)"
    ticking = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert ticking.stdout is not None
        ticking.stdout.readline()
        sleeper = Sleeper("ticking", ticking.pid)

        def counted() -> bool:
            time.sleep(1)
            sleeper.counted()
            return sum(1 for wakes in sleeper.wakes if wakes) > WAKEFUL

        until(counted, "more wakeful seconds than the agent may have", 60)
    finally:
        ticking.kill()
        ticking.communicate()
