"""SIGTERM ends a command the way Ctrl-C does: what it started is stopped first."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP inside the block."""
    names = [signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]
    before = {number: signal.signal(number, _interrupt) for number in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore further signals while what was started is being stopped; that takes seconds at most."""
    names = [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in names}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for_input(descriptor: int) -> None:
    """Return when `descriptor` can be read; a signal is heard even when it comes just before the wait begins.

    A blocking read would overlook that one until the person types something: the handler runs only after it.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return  # Windows waits for sockets only
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        _hear()
        while descriptor not in select.select([descriptor, woken], [], [])[0]:
            os.read(woken, 64)  # the handler has its turn here; it may raise
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(wake)


def _hear() -> None:
    """Give the handler of a signal that came before the pipe was there its turn: entering a function does so.

    From Python 3.14 on the end of a call into C does not.
    """


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
