"""When to try again after a failure: 2, 4, 8 … 60 seconds."""

from __future__ import annotations

FIRST = 2.0
LONGEST = 60.0


class BackOff:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self._failures = 0

    @property
    def fresh(self) -> bool:
        """Whether nothing has failed since the last success."""
        return not self._failures

    def next(self, now: float) -> float:
        """Note a failure at `now` and return when to try again."""
        self._failures += 1
        return now + min(LONGEST, FIRST ** min(self._failures, 10))

    def reset(self) -> None:
        """Note a success."""
        self._failures = 0
