"""Reading a file that the person named: bounded, regular files and stdin only, errors that say what to do."""

import os
import stat
import sys

from amika_local.errors import UsageError

LIMIT = 1 << 20
_REMEDY = "Check the path, or pass - for stdin."


def read_given(path: str) -> "tuple[bytes, str]":
    """Return the content of a file named by a flag and how to call it; `-` is stdin.

    Raises:
        UsageError: absent, unreadable, not a file, or larger than 1 MiB.

    """
    if path == "-":
        if sys.stdin is not None and sys.stdin.isatty():
            from amika_cli.render import note

            note("Reading from the terminal; what you type is seen. End with Ctrl-D.")
        return _bounded(read_stdin(LIMIT + 1), "stdin"), "stdin"
    try:
        # O_NONBLOCK: opening a FIFO without a writer would wait for ever
        descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"{_line(path)} cannot be read: {reason}", remedy=_REMEDY) from None
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        os.close(descriptor)
        raise UsageError(f"{_line(path)} is not a file", remedy="Name a file, or - for stdin.")
    # a pipe is what a shell's <(…) gives: there somebody writes, so wait for it
    os.set_blocking(descriptor, True)
    with os.fdopen(descriptor, "rb") as file:
        return _bounded(file.read(LIMIT + 1), _line(path)), _line(path)


def read_stdin(limit: int) -> bytes:
    """Return what stdin gives, at most `limit` bytes.

    Raises:
        UsageError: it is closed, or a folder, or anything else that cannot be read.

    """
    if sys.stdin is None:
        raise UsageError("stdin is closed, so there is no value", remedy="Pass the value on stdin.")
    try:
        return sys.stdin.buffer.read(limit)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise UsageError(f"stdin cannot be read: {reason}", remedy="Pass the value on stdin.") from None


def _line(path: str) -> str:
    from amika_cli.render import clean

    return clean(path)


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > LIMIT:
        raise UsageError(f"{name} is larger than 1 MiB", remedy="Secrets are small; name another file.")
    return data
