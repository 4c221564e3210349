"""The session's lock, waited for with one eye on the session: whoever holds it is likely to bring the new token."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator

from amika_agent.clock import Clock
from amika_agent.stores.private_file import locked
from amika_local.errors import Busy

POLL = 0.05
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Adopted(Exception):
    """Not an error: while we waited, another process brought what we wanted the lock for."""


@contextlib.contextmanager
def session_lock(
    state_dir: str, clock: Clock, *, deadline: float, meanwhile: Callable[[], bool] | None = None
) -> Iterator[None]:
    """Hold `.session.lock`.

    Args:
        state_dir: where it lies.
        clock: time.
        deadline: seconds to wait at most.
        meanwhile: asked about every 50 ms while waiting; True ends the wait.

    Raises:
        Adopted: `meanwhile` said so; the lock is not held.
        Busy: not got in time.
        Failed: it cannot be opened.

    """
    path = os.path.join(state_dir, ".session.lock")
    end = clock.monotonic() + deadline
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(path, deadline=POLL, clock=clock, what="the session"))
                break
            except Busy:
                if meanwhile is not None and meanwhile():
                    raise Adopted from None
                if clock.monotonic() >= end:
                    raise Busy(
                        "another process is renewing the session", remedy="Try again in a moment; nothing is lost."
                    ) from None
        yield


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C, SIGTERM and SIGHUP: between spending a token and storing its successor nothing may end us.

    A blocked signal would be delivered to another thread of the process, and take effect all the same; so they are
    taken, and raised again afterwards. In other threads than the main one there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    with contextlib.ExitStack() as stack:
        for number in _ENDING:
            stack.callback(signal.signal, number, signal.getsignal(number) or signal.SIG_DFL)
            signal.signal(number, lambda got, _: held.append(got))
        yield
    for number in held[:1]:
        signal.raise_signal(number)
