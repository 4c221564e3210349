"""One process after the other changes the files of a hook: what one removes, another does not write again just then."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

from amika_agent.clock import Clock, SystemClock
from amika_agent.shell.folder import Folder

PATIENCE = 5.0  # seconds; who holds it longer hangs


@contextlib.contextmanager
def turn(where: Folder, clock: Clock | None = None) -> Iterator[None]:
    """Wait until no other process is at it; goes on without where the folder cannot be locked, or not in time."""
    clock = clock or SystemClock()
    try:
        descriptor = os.open(where.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield  # no folder, nothing to be at odds about
        return
    try:
        end = clock.monotonic() + PATIENCE
        while _is_taken(descriptor) and clock.monotonic() < end:
            clock.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    return False
