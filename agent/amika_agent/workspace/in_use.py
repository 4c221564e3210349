"""Sharing a local workspace that was started for a moment: the last who uses it stops it, not the one who started it.

Everybody who uses it holds a shared lock on `in-use.lock`; who stops it holds it alone. The one who started it writes
into that file which process is to be stopped. A workspace that a person serves in a terminal is named there by nobody,
and goes on. Users may be killed: one that was started for a moment looks once a minute whether it has any.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import Self

from amika_agent.clock import Clock
from amika_agent.stores.private_file import make_private_dir, translated
from amika_agent.workspace.launch import RunningWorkspace, ensure, is_alive, stop
from amika_agent.workspace.unused import LOCK, alone
from amika_local.errors import Busy, Failed

_DEADLINE = 15.0  # the last one stops it within ten
_STEP = 0.05


class Use:
    """A local workspace for as long as this is open; a context manager.

    running  the workspace, proved ours

    Args:
        data_dir: where its data lies.
        clock: time source.

    Raises:
        Failed: it cannot be started.

    """

    def __init__(self, data_dir: str, clock: Clock) -> None:
        self._clock = clock
        self._lock: int | None = _shared(data_dir, clock)
        try:
            self.running = self._ensured(data_dir)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def is_alive(self) -> bool:
        """Tell whether its process still is; nothing is asked of it."""
        return is_alive(self.running.pid)

    def again(self) -> RunningWorkspace:
        """Return the workspace, started anew when it has ended meanwhile. Raises as the constructor."""
        self.running = self._ensured(self.running.data_dir)
        return self.running

    def close(self) -> None:
        """Leave it; stop it when nobody else uses it and it was started for a moment.

        Raises:
            Failed: it does not stop; the message names the process.

        """
        lock, self._lock = self._lock, None
        if lock is None:
            return
        try:
            if alone(lock) and _read(lock) == _name(self.running):
                stop(self.running, self._clock)
        finally:
            os.close(lock)

    def _ensured(self, data_dir: str) -> RunningWorkspace:
        running = ensure(data_dir, self._clock, while_used=True)
        if running.started and self._lock is not None:
            _write(self._lock, _name(running))
        return running

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shared(data_dir: str, clock: Clock) -> int:
    make_private_dir(data_dir)
    path = os.path.join(data_dir, LOCK)
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise translated(error, path) from None
    if not stat.S_ISREG(os.fstat(lock).st_mode):
        os.close(lock)
        raise Failed(f"{path} is not a regular file", remedy=f"Move it away and try again: mv {path} {path}.old")
    end = clock.monotonic() + _DEADLINE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic() >= end:
                os.close(lock)
                raise Busy("the local workspace is being stopped", remedy="Try again in a moment.") from None
            clock.sleep(_STEP)
        else:
            return lock


def _name(running: RunningWorkspace) -> str:
    return f"{running.pid} {running.url}"


def _read(lock: int) -> str:
    return os.pread(lock, 200, 0).decode("utf-8", "replace").strip()


def _write(lock: int, text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk leaves a workspace running, which is no harm
        os.ftruncate(lock, 0)
        os.pwrite(lock, text.encode(), 0)
