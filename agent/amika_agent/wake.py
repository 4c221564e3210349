"""Being told by the kernel that the machine woke up or its clock was set, instead of finding out a minute later.

Linux only: a timer that never ends is cancelled at exactly these two moments, and its descriptor becomes readable. It
costs no wake-up. Where there is no such thing the sweep of the lanes finds out, within 60 seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
import os
import sys
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

CLOCK_REALTIME = 0
TFD_TIMER_ABSTIME = 1
TFD_TIMER_CANCEL_ON_SET = 2
NEVER = 2**31 - 1  # epoch seconds that every kernel's time_t can hold


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


@contextlib.contextmanager
def told_of_wake(loop: asyncio.AbstractEventLoop, on_wake: Callable[[], None], *, until: int = NEVER) -> Iterator[bool]:
    """Call `on_wake` on `loop` whenever the machine woke up or its wall clock was set; yield whether it can be told.

    until  epoch seconds at which it is also called, once; for tests
    """
    descriptor = _armed(until)
    if descriptor is None:
        yield False
        return

    def readable() -> None:
        # the read fails with ECANCELED when the clock was set or the machine slept; either way it must be armed again
        with contextlib.suppress(OSError):
            os.read(descriptor, 8)
        if not _arm(descriptor, NEVER):
            loop.remove_reader(descriptor)
        on_wake()

    loop.add_reader(descriptor, readable)
    try:
        yield True
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _armed(until: int) -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        descriptor: int = ctypes.CDLL(None).timerfd_create(CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, AttributeError):
        return None
    if descriptor < 0:
        return None
    if _arm(descriptor, until):
        return descriptor
    os.close(descriptor)
    return None


def _arm(descriptor: int, until: int) -> bool:
    timer = _Itimerspec(_Timespec(0, 0), _Timespec(until, 0))
    flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET
    return bool(ctypes.CDLL(None).timerfd_settime(descriptor, flags, ctypes.byref(timer), None) == 0)
