"""What a busy disk costs the agent: files that concern nobody, and one credential that is rewritten all the time."""

from __future__ import annotations

import json
import os
import threading
import time
from itertools import pairwise
from pathlib import Path

from tests.benchmarks.freshness import Workspace
from tests.benchmarks.idle import used
from tests.benchmarks.table import Row
from tests.benchmarks.world import World, until

PER_SECOND = 1000
BATCH = 10
REWRITES, OVER = 200, 10.0
UNRELATED = "1,000 unrelated files a second beside the credential"


def measure(world: World, seconds: float) -> list[Row]:
    """Write unrelated files for `seconds`, then rewrite Claude's credential 200 times in 10 s."""
    with Workspace(world) as workspace:
        until(lambda: len(workspace.ids()) == 1, "the first push")
        return [*_unrelated(world, workspace, seconds), *_rewritten(world, workspace)]


def _unrelated(world: World, workspace: Workspace, seconds: float) -> list[Row]:
    process = Path("/proc") / str(world.agent()["pid"])
    folder = world.home / ".claude" / "projects" / "somewhere"
    folder.mkdir(parents=True)
    before, cache = workspace.ids(), world.env_cache.stat().st_mtime_ns
    at, start, written = used(process), time.monotonic(), 0
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        while time.monotonic() - start < seconds:
            # as cheap as it can be: the machine that is measured on has to keep up with the storm
            for number in range(written, written + BATCH):
                file = os.open(f"{number % 5000}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600, dir_fd=place)
                os.write(file, b"{}\n")
                os.close(file)
            written += BATCH
            time.sleep(max(0.0, written / PER_SECOND - (time.monotonic() - start)))
    finally:
        os.close(place)
    spent = time.monotonic() - start
    after = used(process)
    if workspace.ids() != before or world.env_cache.stat().st_mtime_ns != cache:
        raise RuntimeError("files that concern nobody made the agent work")
    return [
        Row(f"{UNRELATED}: files", "a second", [written / spent]),
        Row(f"{UNRELATED}: agent's processor", "% of a core", [100 * (after[0] - at[0]) / spent], aim="about 0"),
        Row(f"{UNRELATED}: agent's wake-ups", "a second", [(after[1] - at[1]) / spent], aim="about 0"),
    ]


def _rewritten(world: World, workspace: Workspace) -> list[Row]:
    process = Path("/proc") / str(world.agent()["pid"])
    seen: list[set[str]] = [workspace.ids()]
    over = threading.Event()

    def follow() -> None:
        while not over.wait(0.05):
            now = workspace.ids()
            if now != seen[-1]:
                seen.append(now)

    watcher = threading.Thread(target=follow)
    watcher.start()
    at, start = used(process), time.monotonic()
    token = ""
    try:
        for number in range(REWRITES):
            token = f"sk-ant-oat01-storm-{number:04}-" + "x" * 40
            world.sign_in_to_claude(token)
            time.sleep(max(0.0, start + (number + 1) * OVER / REWRITES - time.monotonic()))
        spent = time.monotonic() - start
        after = used(process)
        until(lambda: token in world.env_cache.read_text(), "the last value in the env cache")
        until(lambda: _in_sync(world), "the last value at the workspace", step=0.2)
    finally:
        over.set()
        watcher.join()
    derived = json.loads(world.env_cache.read_text())["_amika"]["env"]
    if not any(entry["value"] == token for entry in derived.values()) or len(workspace.ids()) != 1:
        raise RuntimeError("the last value did not win")
    what = "one credential rewritten 200 times in 10 s"
    return [
        Row(f"{what}: pushes", "", [float(_pushes(seen))], aim="at most 1 in 2 s"),
        Row(f"{what}: agent's processor", "% of a core", [100 * (after[0] - at[0]) / spent]),
    ]


def _pushes(seen: list[set[str]]) -> int:
    """Count the replacements: each ends with one record again, and another one."""
    alone = [next(iter(ids)) for ids in seen if len(ids) == 1]
    return sum(one != other for one, other in pairwise(alone))


def _in_sync(world: World) -> bool:
    """Tell whether the agent says that what is stored is what is on disk now."""
    rules = json.loads(world.amika("status", "--local", "--json"))["rules"]
    return [rule["state"] for rule in rules] == ["in_sync"]
