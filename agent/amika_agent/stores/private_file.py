"""Files only their owner may read, replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator

from amika_agent.clock import Clock, SystemClock
from amika_local.errors import Busy, Failed

TEMPORARY = ".tmp-"
TRIAL = 8192  # bytes: more than any login has
ABANDONED = 60.0  # seconds after which a temporary file has no writer any more


def make_private_dir(path: str) -> None:
    """Create `path` and the parents that are missing (all 0700, whatever the umask); an existing one keeps its mode.

    Raises:
        Failed: it cannot be created, or something else is in the way.

    """
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent != path and parent:
        make_private_dir(parent)  # makedirs gives the mode to the last one only; who can write above can replace it
    try:
        os.mkdir(path, 0o700)
    except FileExistsError as error:
        if not os.path.isdir(path):
            raise translated(error, path) from None
    except OSError as error:
        raise translated(error, path) from None


def read_private(path: str, limit: int) -> bytes | None:
    """Return the first `limit` bytes of `path`, None when there is no such file.

    Raises:
        Failed: it cannot be read, is a symlink or no regular file, or belongs to somebody else.

    """
    refuse_symlink(path)
    try:
        # a FIFO must not hold us up
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Failed(f"{path} is not a regular file", remedy=f"Move it away: mv {path} {path}.old")
            return file.read(limit)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}", remedy=f"Check its permissions: ls -l {path}") from None


def write_private(path: str, data: bytes) -> None:
    """Replace `path` by `data`: temporary file (0600), fsync, rename, directory fsync.

    Raises:
        Failed: nothing was changed; the message names the path and the remedy. A symlink at `path` is refused.

    """
    make_private_dir(os.path.dirname(path))
    refuse_symlink(path)
    temporary = f"{path}{TEMPORARY}{secrets.token_hex(4)}"
    try:
        write_new(temporary, data)
        os.replace(temporary, path)
        sync_dir(os.path.dirname(path))
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise translated(error, path) from None
    sweep(path, older_than=ABANDONED)


class Room:
    """Room on the disk for what `path` will hold, taken before it is known: a disk that fills up meanwhile is no loss.

    Args:
        path: the file that will be replaced.
        size: bytes at most; more than that needs room that may not be there.

    Raises:
        Failed: it cannot be taken; nothing was changed. A symlink at `path` is refused.

    """

    def __init__(self, path: str, size: int) -> None:
        make_private_dir(os.path.dirname(path))
        refuse_symlink(path)
        self._path = path
        self._temporary = f"{path}{TEMPORARY}{secrets.token_hex(4)}"
        try:
            write_new(self._temporary, b" " * size)
        except OSError as error:
            self.give_back()
            raise translated(error, path) from None

    def fill(self, data: bytes) -> None:
        """Replace the file by `data`: written into the room, fsync, rename, directory fsync. Raises Failed."""
        try:
            overwrite(self._temporary, data)  # what was taken is what is used
            os.replace(self._temporary, self._path)
            sync_dir(os.path.dirname(self._path))
        except OSError as error:
            raise translated(error, self._path) from None

    def give_back(self) -> None:
        """Take it no longer; after `fill` there is nothing to give back."""
        with contextlib.suppress(OSError):
            os.unlink(self._temporary)


def check_replaceable(path: str) -> None:
    """Make sure that `path` can be written, before somebody is asked for what is to be in it.

    Raises:
        Failed: as `write_private`.

    """
    make_private_dir(os.path.dirname(path))
    refuse_symlink(path)
    temporary = f"{path}{TEMPORARY}{secrets.token_hex(4)}"
    try:
        write_new(temporary, b" " * TRIAL)
    except OSError as error:
        raise translated(error, path) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def sweep(path: str, *, older_than: float = 0.0) -> None:
    """Remove what killed writers of `path` left beside it: it holds what the file would have held.

    Args:
        path: the file.
        older_than: seconds that a left-over must be older than the file, so that a writer at work keeps its own.
            0 is for those who hold the file's lock.

    """
    folder, start = os.path.split(f"{path}{TEMPORARY}")
    with contextlib.suppress(OSError):
        newest = os.stat(path).st_mtime - older_than if older_than else float("inf")
        for name in os.listdir(folder):
            left = os.path.join(folder, name)
            if name.startswith(start) and os.lstat(left).st_mtime < newest:
                os.unlink(left)


def remove_private(path: str) -> bool:
    """Delete `path` and what killed writers of it left; return whether it was there.

    Raises:
        Failed: it cannot be deleted.

    """
    try:
        os.unlink(path)
        there = True
    except FileNotFoundError:
        there = False
    except OSError as error:
        raise translated(error, path) from None
    sweep(path)
    with contextlib.suppress(OSError):
        sync_dir(os.path.dirname(path))
    return there


def write_new(path: str, data: bytes) -> None:
    """Create `path` (0600, must not exist) with `data` and flush it to the disk; plain OSError on failure."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_symlink(path: str) -> None:
    """Raise Failed when `path` is a symlink or belongs to somebody else: it may lead anywhere."""
    try:
        info = os.lstat(path)
    except OSError:
        return
    if stat.S_ISLNK(info.st_mode):
        raise Failed(f"{path} is a symbolic link", remedy=f"Remove the link and run the command again: rm {path}")
    if info.st_uid != os.geteuid():
        raise Failed(f"{path} belongs to another user", remedy="Give it back to your user, or remove it.")


def refuse_other(path: str) -> None:
    """Raise Failed when anything but a regular file of ours is there; whoever opens a FIFO may wait for ever."""
    refuse_symlink(path)
    if os.path.lexists(path) and not os.path.isfile(path):
        raise Failed(f"{path} is not a regular file", remedy=f"Move it away and try again: mv {path} {path}.old")


def sync_dir(path: str) -> None:
    """Flush a directory, so that a rename in it survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(descriptor, full)
                return
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(
    path: str, *, deadline: float, clock: Clock | None = None, what: str = "", shared: bool = False
) -> Iterator[int]:
    """Hold the lock file `path` (flock; never deleted); it falls with its holder.

    Args:
        path: lock file; created 0600 when absent.
        deadline: seconds to wait at most.
        clock: time source of the wait.
        what: named in the error, for example "the session".
        shared: together with others who share it; one who does not waits for all of them.

    Raises:
        Busy: still held after `deadline` seconds.
        Failed: the file cannot be opened.

    """
    clock = clock or SystemClock()
    make_private_dir(os.path.dirname(path))
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise translated(error, path) from None
    try:
        if not lock(descriptor, deadline, clock, shared=shared):
            raise Busy(f"another process is using {what or path}", remedy="Try again in a moment.")
        yield descriptor
    finally:
        os.close(descriptor)


def overwrite(path: str, data: bytes) -> None:
    """Write `data` into a file in place, fsync: never shorter than before until it is complete. Raises OSError.

    A file that somebody tidied up meanwhile is made anew. A symlink is refused.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.pwrite(descriptor, view, len(data) - len(view)) :]
        os.ftruncate(descriptor, len(data))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(descriptor: int, deadline: float, clock: Clock, *, shared: bool = False) -> bool:
    """Wait for the lock (flock) of an open file, `deadline` seconds at most; tell if it is held; raises OSError."""
    end = clock.monotonic() + deadline
    while not _try_lock(descriptor, shared=shared):
        if clock.monotonic() >= end:
            return False
        clock.sleep(0.02)
    return True


def _try_lock(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def translated(error: OSError, path: str) -> Failed:
    """Return the error for a person: what cannot be written, why, and what helps."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    writable = f"Make it writable for your user: chmod u+rwx {folder}"
    remedies = {
        errno.ENOSPC: "The disk is full: free some space and try again.",
        errno.EDQUOT: "Your disk quota is used up: free some space and try again.",
        errno.EROFS: f"Mount the disk of {folder} writable, or let HOME or the XDG variables name another place.",
        errno.EACCES: writable,
        errno.EPERM: writable,
        errno.ENOTDIR: "A file is where a directory should be; move it away.",
        errno.EEXIST: "A file is where a directory should be; move it away.",
        errno.EIO: "The disk reports errors: look at the system's log (dmesg), and save what is on it.",
    }
    reason = os.strerror(error.errno) if error.errno else "it failed"
    return Failed(
        f"cannot write {path}: {reason}",
        remedy=remedies.get(error.errno or 0, f"Look at {folder}, or name another place."),
    )
