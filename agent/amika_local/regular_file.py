"""Reads a file that may be anything: a FIFO, a device, a directory, endless, not ours."""

import os
from stat import S_ISDIR, S_ISREG

from amika_local.credential import Problem

MAX_BYTES = 20 << 20

# not every system has each of them
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


def read(path: str, source: str, *, limit: int = MAX_BYTES) -> "bytes | Problem | None":
    """Return the bytes of a regular file, None when there is no such file, or the problem with it.

    Args:
        path: a symlink to a regular file is followed.
        source: whose file it is, for the problem.
        limit: most bytes that are read.

    Never waits: not for the writer of a FIFO, not for a device.

    """
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _unreadable(path, source, error)
    try:
        info = os.fstat(descriptor)
        if not S_ISREG(info.st_mode):
            return _not_a_file(path, source, directory=S_ISDIR(info.st_mode))
        return _all(descriptor, info.st_size, path, source, limit)
    except OSError as error:
        return _unreadable(path, source, error)
    finally:
        os.close(descriptor)


def beginning(path: str, limit: int) -> bytes:
    """Return the first `limit` bytes of a regular file; raises OSError, also where something else is there.

    Never waits, as `read`.
    """
    with open(os.open(path, _FLAGS), "rb") as file:
        if not S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is not a regular file")
        return file.read(limit)


def _all(descriptor: int, size: int, path: str, source: str, limit: int) -> "bytes | Problem":
    parts: list[bytes] = []
    left = limit + 1  # one more than allowed tells that there is too much; the size may lie (a growing file, /proc)
    while left > 0 and size <= limit:
        part = os.read(descriptor, min(left, max(size + 1, 65536)))
        if not part:
            return parts[0] if len(parts) == 1 else b"".join(parts)
        parts.append(part)
        left -= len(part)
    return Problem(
        "too_large",
        f"{path} is larger than {limit >> 20} MiB",
        source=source,
        path=path,
        remedy="Such a file is not read. Make it smaller, or move it away.",
    )


def _not_a_file(path: str, source: str, *, directory: bool) -> Problem:
    return Problem(
        "not_a_file",
        f"{path} is {'a directory' if directory else 'not a regular file'}",
        source=source,
        path=path,
        remedy="Move it away; only regular files are read.",
    )


def _unreadable(path: str, source: str, error: OSError) -> Problem:
    reason = os.strerror(error.errno) if error.errno else "it failed"
    denied = isinstance(error, PermissionError)
    return Problem(
        "unreadable",
        f"cannot read {path}: {reason}",
        source=source,
        path=path,
        remedy=f"Make it readable for your user: chmod u+r {path}" if denied else "Check the path and its folders.",
    )
