"""The look once a minute for what nobody told, in a thread that waits for itself.

A quiet minute wakes this one thread once and nobody else: the loop hears only of what was found. What it looks at may
lie on a disk that does not answer; then the look hangs, and nothing but the look.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from amika_agent.clock import Clock

log = logging.getLogger(__name__)

SWEEP = 60.0


class Sweep:
    """Calls `look` every 60 seconds while `run` runs, and whenever asked to.

    Args:
        look: may block; what it raises is logged, and it is called again next time.
        clock: time source.

    """

    def __init__(self, look: Callable[[], None], clock: Clock) -> None:
        self._look = look
        self._clock = clock
        self._woken = threading.Event()
        self._over = False

    def run(self) -> None:
        """Look again and again, in the thread that calls this; return after `end`."""
        while True:
            self._clock.sleep(SWEEP, self._woken)
            self._woken.clear()
            if self._over:
                return
            try:
                self._look()
            except Exception as error:
                log.warning("the sweep failed", exc_info=error)

    def now(self) -> None:
        """Look at once."""
        self._woken.set()

    def end(self) -> None:
        """Look no more; a look under way ends first."""
        self._over = True
        self._woken.set()
