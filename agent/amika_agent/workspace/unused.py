"""Noticing that a local workspace has no users left: each of them holds a shared lock, which falls with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os

LOCK = "in-use.lock"
LOOK_EVERY = 60.0  # seconds; a workspace without users does no harm, and a look is one wake-up


def alone(lock: int) -> bool:
    """Hold the lock alone, if nobody else holds it; of two who leave at once, one does."""
    fcntl.flock(lock, fcntl.LOCK_UN)
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


async def unused(data_dir: str, every: float, held: contextlib.ExitStack) -> None:
    """Return when nobody uses the workspace of `data_dir`; looked at every `every` seconds.

    The lock is kept until `held` is closed, so that whoever comes meanwhile waits, and then starts another one.
    """
    import asyncio  # commands need only the lock

    while True:
        await asyncio.sleep(every)
        with contextlib.suppress(OSError):
            lock = os.open(os.path.join(data_dir, LOCK), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            if alone(lock):
                held.callback(os.close, lock)
                return
            os.close(lock)
