"""Reading a file that the person named: bounded, regular files and stdin only, errors that say what to do."""

import os
import stat
import sys

from amika_local.errors import UsageError

LIMIT = 1 << 20


def read_given(path: str) -> "tuple[bytes, str]":
    """Return the content of a file named by a flag and how to call it; `-` is stdin.

    Raises:
        UsageError: absent, unreadable, not a file, or larger than 1 MiB.

    """
    if path == "-":
        return _bounded(sys.stdin.buffer.read(LIMIT + 1), "stdin"), "stdin"
    try:
        # O_NONBLOCK: opening a FIFO without a writer would wait for ever
        descriptor = os.open(os.path.expanduser(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        # a pipe is what a shell's <(…) gives; there somebody writes, so wait for it
        if stat.S_ISFIFO(mode):
            os.set_blocking(descriptor, True)
        elif not stat.S_ISREG(mode):
            raise UsageError(f"{path} is not a file", remedy="Name a file, or - for stdin.")
        return _bounded(file.read(LIMIT + 1), path), path


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > LIMIT:
        raise UsageError(f"{name} is larger than 1 MiB", remedy="Secrets are small; name another file.")
    return data
