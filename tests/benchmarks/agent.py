"""Commands that ask the server, with an agent in the background and without; and the memory of each program."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.benchmarks.idle import memory
from tests.benchmarks.startup import against, in_turns
from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import BIN, World, until

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch

LIST = ["secret", "claude", "list", "--local"]
WITH, WITHOUT = "amika secret claude list, agent running", "amika secret claude list, no agent"


def measure(world: World, runs: int) -> list[Row | Missing]:
    """Time the list, then stop the agent for the other half and start it again."""
    command = [str(BIN / "amika"), *LIST]
    rows = in_turns({WITH: command}, world, runs)
    memories = [*_memories(world), _tray(world)]
    world.amika("agent", "stop", "--local")
    rows |= in_turns({WITHOUT: command}, world, runs)
    world.amika("agent", "start", "--local")
    against(rows, WITHOUT, {}, "without")
    return [*rows.values(), *memories]


def _memories(world: World) -> list[Row | Missing]:
    workspace = launch.find(str(world.data / "workspace"), SystemClock())
    if workspace is None:
        raise RuntimeError("the local workspace has ended")
    return [
        _row("agent", int(str(world.agent()["pid"])), "at most 32 in the bundle"),
        _row("local workspace", workspace.pid, ""),
    ]


def _tray(world: World) -> Row | Missing:
    what = "tray, resident memory"
    env = {**world.env, "QT_QPA_PLATFORM": "offscreen"}
    log = world.home / "tray.log"
    with log.open("wb") as output:
        tray = subprocess.Popen([str(BIN / "amika-tray"), "--local"], env=env, stdout=output, stderr=output)
    try:
        until(lambda: tray.poll() is not None or _drawn(tray.pid), "the tray", seconds=20, step=0.1)
        if tray.poll() is not None:
            return Missing(what, f"there is no tray here: {log.read_text()[:100]}")
        return _row("tray", tray.pid, "at most 65 in the bundle")
    finally:
        if tray.poll() is None:
            os.kill(tray.pid, signal.SIGTERM)
        tray.wait(20)


def _drawn(pid: int) -> bool:
    """Qt is loaded, and nothing has been allocated for a second."""
    process = Path("/proc") / str(pid)
    if "QtWidgets" not in (process / "maps").read_text():
        return False
    before = memory(process, "VmRSS")
    try:
        until(lambda: memory(process, "VmRSS") > before + 0.1, "more memory", seconds=1, step=0.1)
    except RuntimeError:
        return True
    return False


def _row(who: str, pid: int, aim: str) -> Row:
    return Row(f"{who}, resident memory", "MB", [memory(Path("/proc") / str(pid), "VmRSS")], aim=aim)
