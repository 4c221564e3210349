"""From a changed credential file to the env cache, and to the secret at the local workspace."""

from __future__ import annotations

import json
import time
from itertools import count
from typing import Self

import httpx
from tests.benchmarks.table import Row
from tests.benchmarks.world import World, until

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch

PAUSE = 1.0  # seconds between a change that has arrived and the next one: less would meet the limit of pushes
CACHE = "changed file -> env cache"
REMOTE = "changed file -> secret at the local workspace"


def measure(world: World, changes: int) -> list[Row]:
    """Change Claude's credential `changes` times and wait for each to arrive."""
    cache = Row(CACHE, "ms", aim="within 1000")
    remote = Row(REMOTE, "ms", aim="within 2000")
    with Workspace(world) as workspace:
        until(lambda: len(workspace.ids()) == 1, "the first push")
        for number in count(1):
            before = workspace.ids()
            token = f"sk-ant-oat01-change-{number:04}-" + "x" * 40
            start = world.sign_in_to_claude(token)
            cache.values.append(1000 * (until(lambda: _cached(world, token), "the env cache") - start))  # noqa: B023
            arrived = until(lambda: _replaced(workspace.ids(), before), "the push", step=0.01)  # noqa: B023
            remote.values.append(1000 * (arrived - start))
            if number == changes:
                return [cache, remote]
            time.sleep(PAUSE)
    return []


def _cached(world: World, token: str) -> bool:
    try:
        derived = json.loads(world.env_cache.read_text())["_amika"]["env"]
    except (OSError, ValueError, KeyError):
        return False
    return any(entry.get("value") == token for entry in derived.values())


def _replaced(now: set[str], before: set[str]) -> bool:
    """One record again, and another one: the new value is there under its name, the temporary one is gone."""
    return len(now) == 1 and not now & before


class Workspace:
    """Looks at what the local workspace lists, with the session of this world."""

    def __init__(self, world: World) -> None:
        self._session = world.data / "amika-state" / "workos-session.json"
        folder, clock = str(world.data / "workspace"), SystemClock()
        until(lambda: launch.find(folder, clock), "the local workspace that the agent starts")
        running = launch.find(folder, clock)
        if running is None:
            raise RuntimeError("the local workspace ended")
        self._http = httpx.Client(base_url=f"{running.url}/api/v0beta1", trust_env=False, timeout=10)

    def ids(self) -> set[str]:
        """Return the ids of the stored Claude secrets."""
        token = json.loads(self._session.read_text())["access_token"]
        answer = self._http.get("/secrets/claude", headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return {record["id"] for record in answer.json()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
