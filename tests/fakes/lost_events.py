"""A system that tells nothing of what happens in directories."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from amika_agent.directory_events import DirectoryEvents


class LostEvents(DirectoryEvents):
    """Events that are all lost; it keeps which directories are watched, and which were given up."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self.lose = lost
        self.watched: list[str] = []
        self.removed: list[str] = []

    def add(self, directory: str) -> str:
        self.watched.append(directory)
        return directory

    def remove(self, watched: Any) -> None:
        self.watched.remove(watched)
        self.removed.append(watched)

    def stop(self) -> None:
        self.watched.clear()
