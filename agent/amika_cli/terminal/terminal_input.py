"""What a person types on a terminal and nobody sees: passphrases, and values that may have several lines."""

from __future__ import annotations

import os
import select
import sys
from typing import Any

from amika_local.errors import UsageError

# a terminal hands over at most so many bytes of one line and silently drops the rest
LINE_LIMIT = 4095
_PASTE = 0.1  # seconds within which the next line of a paste arrives


class Hidden:
    """Turns a terminal's echo off, and on again whatever happens; what was typed ahead is kept."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._before: list[Any] = []

    def __enter__(self) -> None:
        import termios

        self._before = termios.tcgetattr(self._descriptor)
        silent = termios.tcgetattr(self._descriptor)
        silent[3] &= ~termios.ECHO
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, silent)

    def __exit__(self, *_: object) -> None:
        import termios

        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)


def ask_value(question: str) -> bytes:
    """Ask on the terminal of stdin for a value: one line, or all of what is pasted at once.

    One line comes without its line break. A PEM block is read to its END line, other pastes to Ctrl-D; both come
    exactly as they were, so that nothing of them is left for the shell.

    Raises:
        UsageError: the input ended, or a line is longer than a terminal hands over.

    """
    with Hidden(0):  # before the question: who answers fast must not be seen either
        _say(f"{question} (not shown): ")
        data = _line(0)
        if not data:
            _say("\n")
            raise UsageError("the input ended before a value was given", remedy="Run it again and type the value.")
        if data.startswith(b"-----BEGIN "):
            data = _rest(data, until=b"-----END ")
        elif _more_waits(0):
            _say("\nSeveral lines; end with Ctrl-D on a line of its own.")
            data = _rest(data, until=b"")
        else:
            data = data.rstrip(b"\r\n")
    _say("\n")
    return data


def ask_line(question: str) -> str | None:
    """Ask for one hidden line on the terminal, also when stdin is a pipe; None when there is no terminal.

    Raises:
        UsageError: the input ended.

    """
    descriptor = _terminal()
    if descriptor is None:
        return None
    try:
        with Hidden(descriptor):
            _say(f"{question} (not shown): ")
            data = _line(descriptor)
        _say("\n")
    finally:
        if descriptor != 0:
            os.close(descriptor)
    if not data:
        raise UsageError("the input ended before the question was answered", remedy="Run it again and answer.")
    return data.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def stdin_is_terminal() -> bool:
    """Tell whether what is read comes from a person."""
    return sys.stdin is not None and os.isatty(0)


def _terminal() -> int | None:
    # without a terminal on stderr nobody would see the question
    if sys.stderr is None or not os.isatty(2):
        return None
    if stdin_is_terminal():
        return 0
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        return None


def _rest(data: bytes, *, until: bytes) -> bytes:
    while line := _line(0):
        data += line
        if until and line.startswith(until):
            break
    return data


def _line(descriptor: int) -> bytes:
    # os.read, not sys.stdin: a buffer would hide from `select` what has arrived already
    line = os.read(descriptor, 1 << 16)
    if len(line) >= LINE_LIMIT:
        raise UsageError(
            f"a line typed on a terminal has at most {LINE_LIMIT - 1} characters", remedy="Pass the value on stdin."
        )
    return line


def _more_waits(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], _PASTE)[0])


def _say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)
