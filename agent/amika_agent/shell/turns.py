"""One process after the other changes the files of a hook: what one removes, another does not write again just then."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from amika_agent.clock import Clock, SystemClock
from amika_agent.shell.folder import Folder
from amika_agent.stores.private_file import lock

PATIENCE = 5.0  # seconds; who holds it longer hangs


@contextlib.contextmanager
def turn(where: Folder, clock: Clock | None = None) -> Iterator[None]:
    """Wait until no other process is at it; goes on without where the folder cannot be locked, or not in time."""
    try:
        # the folder itself: a lock file would be one more file in it, and the last one of a removed hook
        descriptor = os.open(where.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield  # no folder, nothing to be at odds about
        return
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            lock(descriptor, PATIENCE, clock or SystemClock())
        yield
    finally:
        os.close(descriptor)
