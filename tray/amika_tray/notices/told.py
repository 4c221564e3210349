"""What has been told already, kept over restarts: keys in a small file. Losing it only repeats a notice."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable

MOST = 200
LONGEST = 200  # characters of a key
MAX_BYTES = 1 << 19


class Told:
    """Keys of notices, the newest last. `load` and `text` may wait for a disk; the rest is memory."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._marks: dict[str, None] = {}

    def load(self) -> list[str]:
        """Return what the file holds; nothing when it cannot be used."""
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.loads(file.read(MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return []
        return [mark for mark in found if isinstance(mark, str)] if isinstance(found, list) else []

    def take(self, marks: Iterable[str]) -> None:
        """Add what was loaded."""
        self._marks = dict.fromkeys([*marks, *self._marks])

    def first_time(self, key: str) -> bool:
        """Tell whether this key is new, and remember it."""
        mark = key[:LONGEST]
        if mark in self._marks:
            return False
        self._marks[mark] = None
        return True

    def marks(self) -> list[str]:
        """Return what is worth keeping."""
        return list(self._marks)[-MOST:]

    def save(self, marks: list[str]) -> None:
        """Write the file; when it cannot be written, a restart tells some things again."""
        temporary = f"{self.path}.new-{os.getpid()}"
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(marks, file)
            os.replace(temporary, self.path)
