"""What the agent costs while nothing changes: memory, processor time, wake-ups. Linux (/proc)."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.benchmarks.table import Row
from tests.benchmarks.world import World

SETTLE = 5.0  # seconds for the last change's work to end


def measure(world: World, seconds: float) -> list[Row]:
    """Watch the agent for `seconds` while nobody touches anything."""
    process = Path("/proc") / str(world.agent()["pid"])
    time.sleep(SETTLE)
    before, start = used(process), time.monotonic()
    time.sleep(seconds)
    after, spent = used(process), time.monotonic() - start
    over = f"over {seconds:g} s"
    return [
        Row("idle agent, resident memory", "MB", [memory(process, "VmRSS")], aim="under 60"),
        Row(f"idle agent, processor {over}", "% of a core", [100 * (after[0] - before[0]) / spent], aim="about 0"),
        Row(f"idle agent, wake-ups {over}", "a second", [(after[1] - before[1]) / spent], aim="about 0"),
        Row("idle agent, threads", "", [float(len(os.listdir(process / "task")))]),
    ]


def used(process: Path) -> tuple[float, int]:
    """Return an agent's processor seconds and the number of times any thread went to sleep, hence was woken."""
    seconds, switches = 0.0, 0
    for task in (process / "task").iterdir():
        seconds += int((task / "schedstat").read_text().split()[0]) / 1e9
        switches += next(int(line.split()[1]) for line in _status(task) if line.startswith("voluntary_ctxt"))
    return seconds, switches


def memory(process: Path, name: str) -> float:
    """Return a figure of /proc/PID/status in MB."""
    return next(int(line.split()[1]) for line in _status(process) if line.startswith(name + ":")) / 1024


def _status(process: Path) -> list[str]:
    return (process / "status").read_text().splitlines()
