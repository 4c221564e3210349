"""The one place that reads the time or waits for it."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Time as the rest of the program sees it; tests inject their own."""

    def now(self) -> float:
        """Wall time, epoch seconds."""

    def monotonic(self) -> float:
        """Seconds that never go backwards."""

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        """Wait; return True at once when `cancel` is or becomes set, else False after `seconds`."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Wall time, epoch seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return time.monotonic()

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        """Wait; return True at once when `cancel` is or becomes set, else False after `seconds`."""
        if cancel is not None:
            return cancel.wait(max(0.0, seconds))
        time.sleep(max(0.0, seconds))
        return False
