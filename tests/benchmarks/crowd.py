"""What very many credentials cost: an agent's first look, one that changes among them, memory, `amika status`."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path

from tests.benchmarks.idle import memory, place
from tests.benchmarks.table import Row
from tests.benchmarks.world import World, until

COUNTS = (10, 1_000, 10_000)
SETTLE = 2.0  # seconds for the work that the last change has left


def measure(runs: int) -> list[Row]:
    """Measure an agent of its own for each number of credentials."""
    return [row for count in COUNTS for row in _of(count, runs)]


def _of(count: int, runs: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
        world = World(Path(folder))
        keys = [f"CROWD{number}_API_KEY" for number in range(count)]
        world.save_keys(keys)
        start = time.monotonic()
        world.amika("agent", "start", "--local")
        try:
            return _rows(world, keys, runs, start)
        finally:
            world.amika("agent", "stop", "--local")


def _rows(world: World, keys: list[str], runs: int, start: float) -> list[Row]:
    cached = until(lambda: len(_derived(world)) == len(keys), "the env cache", 120, 0.02)
    shown = until(lambda: _shown(world) == len(keys), "the snapshot", 120, 0.02)
    what = f"{len(keys):,} credentials"
    rows = [
        Row(f"{what}: start of the agent -> env cache", "ms", [1000 * (cached - start)]),
        Row(f"{what}: start of the agent -> `amika status`", "ms", [1000 * (shown - start)]),
    ]
    changed = Row(f"{what}: one changed -> env cache", "ms")
    status = Row(f"{what}: amika status, agent running", "ms")
    for number in range(runs):
        changed.values.append(_changed(world, keys, number))
        status.values.append(_timed(world, "status", "--local"))
    pid = int(str(world.agent()["pid"]))
    rows += [changed, status, Row(f"{what}: agent, resident memory", "MB", [memory(place(pid), "VmRSS")])]
    world.amika("agent", "stop", "--local")
    alone = Row(f"{what}: amika status, no agent", "ms", [_timed(world, "status", "--local") for _ in range(runs)])
    world.amika("agent", "start", "--local")
    return [*rows, alone]


def _changed(world: World, keys: list[str], number: int) -> float:
    """Give one key another value as its owner does; return the milliseconds until the env cache has it."""
    path = world.home / ".local" / "share" / "opencode" / "auth.json"
    name, value = keys[number].removesuffix("_API_KEY").lower(), f"fake-changed-{number}-{'y' * 40}"
    keys_there = json.loads(path.read_text())
    new = path.with_name("auth.json.new")
    new.write_text(json.dumps({**keys_there, name: {"type": "api", "key": value}}))
    time.sleep(SETTLE)
    before = world.env_cache.stat().st_mtime_ns
    start = time.monotonic()
    new.replace(path)
    arrived = until(lambda: world.env_cache.stat().st_mtime_ns != before, "another env cache", 120)
    until(lambda: value in _derived(world), "the changed key in the env cache", 120, 0.1)
    return 1000 * (arrived - start)


def _derived(world: World) -> set[str]:
    try:
        return {entry["value"] for entry in json.loads(world.env_cache.read_text())["_amika"]["env"].values()}
    except (OSError, ValueError, KeyError):
        return set()


def _shown(world: World) -> int:
    told = json.loads(world.amika("status", "--local", "--json"))
    left_out = told.get("left_out") or {}
    return len(told["credentials"]) + int(left_out.get("credentials", 0))


def _timed(world: World, *words: str) -> float:
    start = time.monotonic()
    subprocess.run(
        [str(world.programs / "amika"), *words], env=world.env, stdout=subprocess.DEVNULL, check=True, timeout=120
    )
    return 1000 * (time.monotonic() - start)
