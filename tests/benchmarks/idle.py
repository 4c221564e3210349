"""What agent and local workspace cost while nothing changes: memory, processor time, wake-ups. Linux (/proc)."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from tests.benchmarks.table import Row
from tests.benchmarks.world import World

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch

SETTLE = 5.0  # seconds for the last change's work to end


def measure(world: World, seconds: float) -> list[Row]:
    """Watch both for `seconds` while nobody touches anything."""
    # the agent starts the local workspace when it first needs it
    workspace = launch.ensure(str(world.data / "workspace"), SystemClock())
    processes = {"agent": place(int(str(world.agent()["pid"]))), "local workspace": place(workspace.pid)}
    time.sleep(SETTLE)
    before, start = {who: used(process) for who, process in processes.items()}, time.monotonic()
    time.sleep(seconds)
    after, spent = {who: used(process) for who, process in processes.items()}, time.monotonic() - start
    rows: list[Row] = []
    for who, process in processes.items():
        busy, woken = (later - earlier for earlier, later in zip(before[who], after[who], strict=True))
        rows += _rows(f"idle {who}", process, busy, woken, spent)
    return rows


def place(pid: int) -> Path:
    """Return where the system tells of a process."""
    return Path("/proc") / str(pid)


def _rows(who: str, process: Path, busy: float, woken: float, spent: float) -> list[Row]:
    over = f"over {spent:.0f} s"
    return [
        Row(f"{who}, resident memory", "MB", [memory(process, "VmRSS")], aim="under 60"),
        Row(f"{who}, processor {over}", "% of a core", [100 * busy / spent], aim="about 0"),
        Row(f"{who}, wake-ups {over}", "a second", [woken / spent], aim="about 0: one look a minute"),
        Row(f"{who}, threads", "", [float(len(os.listdir(process / "task")))]),
    ]


def used(process: Path) -> tuple[float, int]:
    """Return a process's processor seconds and the number of times any thread went to sleep, hence was woken."""
    seconds, switches = 0.0, 0
    for task in (process / "task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
            switches += next(int(line.split()[1]) for line in _status(task) if line.startswith("voluntary_ctxt"))
    return seconds, switches


def memory(process: Path, name: str) -> float:
    """Return a figure of /proc/PID/status in MB."""
    return next(int(line.split()[1]) for line in _status(process) if line.startswith(name + ":")) / 1024


def _status(process: Path) -> list[str]:
    return (process / "status").read_text().splitlines()
