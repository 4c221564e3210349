"""What a person types on a terminal and nobody sees: passphrases, and values that may have several lines."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from amika_cli.terminal.hidden import Hidden, whole
from amika_cli.terminal.interruption import wait_for_input
from amika_local.errors import UsageError

_PASTE = 0.1  # seconds within which the next line of a paste arrives


def unseen(*, typed: bool = False) -> AbstractContextManager[None]:
    """Keep what is typed hidden over several questions, and between them.

    Args:
        typed: only where the person types on stdin; else also where stdin is a pipe and a terminal is there.

    """
    if typed and not stdin_is_terminal():
        return nullcontext()
    return _unseen()


@contextmanager
def _unseen() -> Iterator[None]:
    with _opened() as descriptor:
        if descriptor is None:
            yield
            return
        with Hidden(descriptor):
            yield


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
    with _opened() as descriptor:
        if descriptor is None:
            return None
        with Hidden(descriptor):
            _say(f"{question} (not shown): ")
            data = _line(descriptor)
        _say("\n")
    if not data:
        raise UsageError("the input ended before the question was answered", remedy="Run it again and answer.")
    return data.rstrip(b"\r\n").decode("utf-8", "surrogateescape")


def stdin_is_terminal() -> bool:
    """Tell whether what is read comes from a person."""
    return sys.stdin is not None and os.isatty(0)


@contextmanager
def _opened() -> Iterator[int | None]:
    """Yield a descriptor of the person's terminal; None without one, and where nobody would see the question."""
    if sys.stderr is None or not os.isatty(2):
        yield None
        return
    if stdin_is_terminal():
        yield 0
        return
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _rest(data: bytes, *, until: bytes) -> bytes:
    while line := _line(0):
        data += line
        if until and line.startswith(until):
            break
    return data


def _line(descriptor: int) -> bytes:
    # os.read, not sys.stdin: a buffer would hide from `select` what has arrived already
    wait_for_input(descriptor)
    return whole(os.read(descriptor, 1 << 16))


def _more_waits(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], _PASTE)[0])


def _say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)
