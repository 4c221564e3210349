"""A terminal that does not show what is typed, from the first to the last secret question of one exchange."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any

from amika_local.errors import UsageError

# a terminal hands over at most so many bytes of one line and silently drops the rest
LINE_LIMIT = 4095


class Hidden:
    """Turns a terminal's echo off, and on again whatever happens; what was typed ahead is kept.

    Within another one it does nothing: around several questions it keeps the echo off between them, where a fast
    typist or a paste is ahead of the next question. SIGTERM, SIGHUP and SIGQUIT end the block like Ctrl-C; Ctrl-Z gives
    the shell a terminal that echoes, and coming back turns the echo off again.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._before: list[Any] = []
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> None:
        import termios

        before = termios.tcgetattr(self._descriptor)
        if not before[3] & termios.ECHO:
            return  # it is off already, and who turned it off turns it on again
        self._before = before
        try:
            self._watch_signals()
            self._silence()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        if not self._before:
            return
        try:
            self._show()
        finally:
            self._before = []
            self._forget_signals()

    def _silence(self) -> None:
        import termios

        silent = [*self._before]
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, silent)

    def _show(self) -> None:
        import termios

        with contextlib.suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def _watch_signals(self) -> None:
        import signal

        if threading.current_thread() is not threading.main_thread():
            return
        handlers: dict[int, Callable[..., None]] = dict.fromkeys(
            (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT), _interrupt
        )
        handlers[signal.SIGTSTP] = self._stop
        for number, handler in handlers.items():
            if signal.getsignal(number) is signal.SIG_DFL:  # whoever ignores or handles one goes on doing so
                self._handlers[number] = handler
                signal.signal(number, handler)

    def _forget_signals(self) -> None:
        import signal

        for number in self._handlers:
            signal.signal(number, signal.SIG_DFL)
        self._handlers = {}

    def _stop(self, number: int, _: object) -> None:
        import signal

        self._show()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # here it goes on when the person has come back
        signal.signal(number, self._stop)
        self._silence()


def whole(line: bytes) -> bytes:
    """Return a typed line. Raises UsageError when the terminal may have cut it."""
    if len(line) >= LINE_LIMIT:
        raise UsageError(
            f"a line typed on a terminal has at most {LINE_LIMIT - 2} characters", remedy="Pass the value on stdin."
        )
    return line


def _interrupt(_: int, __: object) -> None:
    raise KeyboardInterrupt
