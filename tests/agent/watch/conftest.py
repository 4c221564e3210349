"""Both ways to get the system's events."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.agent.watch.watched import Watched

from amika_agent.directory_events import DirectoryEvents, InotifyEvents, ObservedEvents, Seen

WAYS: dict[str, Callable[[Seen, Callable[[], None]], DirectoryEvents]] = {
    "observer": lambda seen, _: ObservedEvents(seen)
}
if sys.platform.startswith("linux"):
    WAYS["inotify"] = InotifyEvents


@pytest.fixture(params=WAYS)
def make(
    home: Path, until: Callable[..., object], request: pytest.FixtureRequest
) -> Iterator[Callable[[Path], Watched]]:
    made: list[Watched] = []

    def start(path: Path) -> Watched:
        made.append(Watched(home, path, until, WAYS[request.param]))
        return made[-1]

    yield start
    for watched in made:
        watched.watch.stop()
