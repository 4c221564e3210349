"""The server's own `main`, with a wall clock that a file moves: `server_with_clock.py SHIFT_FILE --data DIR …`."""

from __future__ import annotations

import os
import sys
import threading
import time

from amika_agent.workspace import __main__ as program
from amika_agent.workspace.serve import Options, serve


class MovableClock:
    """The machine's clock plus the seconds that stand in a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def now(self) -> float:
        try:
            with open(self._path, encoding="ascii") as file:
                return time.time() + float(file.read() or 0)
        except FileNotFoundError:
            return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float, cancel: threading.Event | None = None) -> bool:
        return (cancel or threading.Event()).wait(max(0.0, seconds))


options = program._parser().parse_args(sys.argv[2:])
serve(
    Options(options.data, options.port, options.token_lifetime, options.interval),
    MovableClock(sys.argv[1]),
    lambda services: program._say({"url": services.url, "pid": os.getpid(), "note": services.sealer.note}),
)
