"""Threads for blocking work: one for each piece that is under way, and none for work that has ended.

The standard library's pool keeps every thread that it ever needed; each keeps its stack, and when work comes to threads
that wait for it, two of them wake up. A new thread costs a tenth of a millisecond.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class Workers(Executor):
    """Runs what it is given, each piece in a thread; more than `most` at once wait for their turn."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._threads: list[threading.Thread] = []
        self._serving = 0
        self._closed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `fn` soon and return the future of what it returns.

        Raises:
            RuntimeError: after `shutdown`, or the system has no more threads.

        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("no new work after the end")
            if self._serving < self._most:
                self._start()
            self._waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 -- Executor's
        """Take no more work; with `wait` return when what was taken has ended and every thread is gone."""
        with self._lock:
            self._closed = True
            dropped = [future for future, _ in self._waiting] if cancel_futures else []
            if cancel_futures:
                self._waiting.clear()
        for future in dropped:
            future.cancel()
        if wait:
            for thread in self._threads:
                thread.join()

    def _start(self) -> None:
        """Start one more thread; it waits for the lock, hence finds the work that it is started for."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._serve, name=self._name)
        thread.start()
        self._threads.append(thread)
        self._serving += 1

    def _serve(self) -> None:
        while (taken := self._next()) is not None:
            _do(*taken)
            del taken  # nothing may be kept while the lock is waited for

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._serving -= 1
            return None


def _do(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 -- it is told to whoever waits, whatever it is
        future.set_exception(error)
    else:
        future.set_result(result)
