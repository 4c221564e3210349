"""A watched file, and how often a look was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from amika_agent.watch import Watch


class Watched:
    """A watched file below a home, and how often a look was asked for. A look re-arms, as the local lane does."""

    def __init__(self, home: Path, path: Path, until: Callable[..., object], way: Callable) -> None:
        self.path = path
        self._until = until
        self._asked = threading.Event()
        self.tags: set[str] = set()
        self.calls = 0
        files = {str(path): "local", str(home / "session" / "s.json"): "session"}
        self.watch = Watch(files, str(home), self._changed, way)
        self.watch.start()

    def _changed(self, tags: frozenset[str]) -> None:
        self.calls += 1
        self.tags |= tags
        self._asked.set()

    def sees(self, change: Callable[[], object]) -> None:
        """Make a change and look again until nothing more is asked for, as the lane would."""
        self.quiet()
        change()
        self._until(self._asked.is_set, "an event")
        self.quiet()

    def quiet(self) -> None:
        self._asked.set()
        while self._asked.is_set():
            self._asked.clear()
            self.watch.rearm()
            self._asked.wait(0.05)
