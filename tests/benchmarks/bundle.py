"""The programs of the bundle: how large it is, and what agent and tray cost while nothing happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.benchmarks import idle, tray
from tests.benchmarks.agent import memories_of, tray_memory
from tests.benchmarks.table import Missing, Row
from tests.benchmarks.world import ROOT, running_world

FOLDER = ROOT / "dist" / "amika"


def measure(seconds: float, starts: int, folder: Path = FOLDER) -> list[Row | Missing]:
    """Run the bundle's agent, watch it for `seconds`, and start the bundle's tray `starts` times."""
    if not (folder / "amika").exists():
        return [Missing("bundle: size, memory", "there is no bundle (make bundle)")]
    size = sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
    with running_world(folder) as world:
        rows: list[Row | Missing] = [*idle.measure(world, seconds), *memories_of(world), tray_memory(world)]
    rows += tray.measure(starts, program=folder / "amika-tray")
    named = [replace(row, what=f"bundle: {row.what}") for row in rows]
    return [Row("bundle: size on disk", "MB", [size / 1e6]), *named]
