"""Work that is killed before one of the lines that it executes, in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def forked(work: Callable[[], object]) -> int:
    """Do the work in a process of its own and return its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(0)


def killed_before(number: int, work: Callable[[], object], watched: tuple[str, ...]) -> bool:
    """Do the work in a process that is killed before its line `number`; False when it ended before that.

    watched: how the paths of the files begin whose lines count.
    """
    child = forked(lambda: _counted(number, work, watched))
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _counted(number: int, work: Callable[[], object], watched: tuple[str, ...]) -> None:
    left = number

    def line(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return line

    def call(frame: FrameType, event: str, arg: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(watched) else None

    sys.settrace(call)
    work()
