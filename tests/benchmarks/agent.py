"""Commands that ask the server, with an agent in the background and without; and the memory of each program."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.idle import memory
from tests.benchmarks.startup import against, in_turns
from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import World, until

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_agent.workspace.unused import LOCK

COMMANDS = ("secret claude list", "secret list", "secret push KEY=VALUE --yes")
WITH, WITHOUT = "amika {}, agent running", "amika {}, no agent"


def measure(world: World, runs: int) -> list[Row | Missing]:
    """Time the commands, then stop the agent for the other half and start it again.

    The server runs all the time: without an agent a command would start the local workspace and end it again.
    """
    commands = {words: [str(world.programs / "amika"), *words.split(), "--local"] for words in COMMANDS}
    rows = in_turns({WITH.format(words): command for words, command in commands.items()}, world, runs)
    memories = [*memories_of(world), tray_memory(world)]
    with _serving(world):
        world.amika("agent", "stop", "--local")
        rows |= in_turns({WITHOUT.format(words): command for words, command in commands.items()}, world, runs)
        world.amika("agent", "start", "--local")
    shown = []
    for words in COMMANDS:
        pair = {what.format(words): rows[what.format(words)] for what in (WITH, WITHOUT)}
        against(pair, WITHOUT.format(words), {}, "without")
        shown += pair.values()
    return [*shown, *memories]


@contextmanager
def _serving(world: World) -> Iterator[None]:
    """Use the local workspace, so that nobody ends it meanwhile."""
    lock = os.open(world.data / "workspace" / LOCK, os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(lock)


def memories_of(world: World) -> list[Row | Missing]:
    workspace = launch.find(str(world.data / "workspace"), SystemClock())
    if workspace is None:
        raise RuntimeError("the local workspace has ended")
    return [
        _row("agent", int(str(world.agent()["pid"])), "at most 32 in the bundle"),
        _row("local workspace", workspace.pid, ""),
    ]


def tray_memory(world: World) -> Row | Missing:
    what = "tray, resident memory"
    env = {**world.env, "QT_QPA_PLATFORM": "offscreen"}
    log = world.home / "tray.log"
    with log.open("wb") as output:
        tray = subprocess.Popen([str(world.programs / "amika-tray"), "--local"], env=env, stdout=output, stderr=output)
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
