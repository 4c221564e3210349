"""Waiting for a server only as long as somebody wants the answer.

A thread cannot be called back from waiting: the system looks a name up, or a server is silent. So whoever may change
their mind lets another thread wait, and leaves it. Its connection is cut, which ends it at once; while there is none
yet, it ends with the look-up or the attempt to connect. The program does not stay for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
LOOK = 0.05  # seconds between two looks at whether the answer is still wanted


class GivenUp(Exception):
    """Nobody wants the answer any more."""


def unless(cancel: threading.Event, work: Callable[[], T], cut: Callable[[], None]) -> T:
    """Return what `work` returns in a thread of its own.

    Args:
        cancel: set when the answer is not wanted any more.
        work: waits.
        cut: makes it end.

    Raises:
        GivenUp: `cancel` was set before there was an answer.
        KeyboardInterrupt: the same, by Ctrl-C.
        whatever `work` raises.

    """
    if cancel.is_set():
        raise GivenUp
    waiting = _Waiting(work)
    thread = threading.Thread(target=waiting.run, name="request", daemon=True)
    thread.start()
    answered = False
    try:
        while not answered and not cancel.is_set():
            answered = waiting.over.wait(LOOK)
    finally:
        if not answered:
            cut()  # by Ctrl-C too
    if not answered:
        raise GivenUp
    thread.join()
    return waiting.result()


def within(seconds: float | None, work: Callable[[], T], late: Callable[[T], None]) -> T:
    """Return what `work` returns in a thread of its own, if it does so in time.

    Args:
        seconds: how long to wait; None for as long as it takes.
        work: waits.
        late: given what nobody waited for.

    Raises:
        GivenUp: it takes longer.
        whatever `work` raises.

    """
    waiting = _Waiting(work)
    threading.Thread(target=waiting.run, name="connecting", daemon=True).start()
    answered = False
    try:
        answered = waiting.over.wait(seconds)
    finally:
        if not answered:
            waiting.leave(late)
    if not answered:
        raise GivenUp
    return waiting.result()


class _Waiting(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._late: Callable[[T], None] | None = None
        self._work = work
        self._found: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            found = self._work()
            with self._lock:
                self._found.append(found)
                late = self._late
            if late is not None:
                late(found)
        except BaseException as error:  # noqa: BLE001 -- handed to the thread that asked
            self._error = error
        finally:
            self.over.set()

    def leave(self, late: Callable[[T], None]) -> None:
        with self._lock:
            self._late = late
            found = list(self._found)
        for one in found:
            late(one)

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        return self._found[0]


class Line:
    """The connection that one request is on; whoever does not want the answer cuts it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: Any = None
        self._is_cut = False

    def on(self, connection: Any) -> bool:  # noqa: ANN401 -- httpcore's own
        """Note what the request is on now; False when it was cut."""
        with self._lock:
            self._socket = connection.get_extra_info("socket")
            return not self._is_cut

    def cut(self) -> None:
        """End the request."""
        import socket
        from contextlib import suppress

        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                with suppress(OSError):
                    # of the plain socket, below any encryption: another thread is reading there
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
