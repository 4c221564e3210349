"""One tray per profile and desktop: a lock that dies with its holder, and a socket on which a second start knocks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from amika_shared.transport import peer_uid, with_short_name


class CannotRun(Exception):
    """The tray cannot run here; the text says why and what to do."""


class Instance(QObject):
    """Being the only tray of a profile. Emits `knocked` when somebody starts another one."""

    knocked = Signal()

    def __init__(self, folder: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = os.path.join(folder, "tray.sock")
        self._lock_path = os.path.join(folder, "tray.lock")
        self._lock = -1
        self._door: socket.socket | None = None
        self._notifier: QSocketNotifier | None = None

    def acquire(self) -> bool:
        """Become the only one, or knock at the one that is and return False.

        Raises:
            CannotRun: the runtime folder cannot be used.

        """
        try:
            _secure(os.path.dirname(self._path))
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._lock = os.open(self._lock_path, flags, 0o600)
        except OSError as error:
            folder = os.path.dirname(self._path)
            reason = os.strerror(error.errno or 0)
            raise CannotRun(f"cannot use {folder}: {reason}. Set XDG_RUNTIME_DIR to a folder of yours.") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            self._lock = -1
            self._knock()
            return False
        return True

    def listen(self) -> None:
        """Open the door for those who knock. Without a door the lock still holds; a second start then only ends."""
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        mask = os.umask(0o177)
        try:
            with_short_name(self._path, door.bind)
            door.listen(4)
        except OSError:
            door.close()
            return
        finally:
            os.umask(mask)
        door.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        self._door = door
        self._notifier = QSocketNotifier(door.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._answer)

    def release(self) -> None:
        """Stop being the one; safe to call twice."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier = None
        if self._door is not None:
            self._door.close()
            self._door = None
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _answer(self) -> None:
        if self._door is None:
            return
        try:
            visitor, _ = self._door.accept()
        except OSError:
            return
        with visitor:
            ours = peer_uid(visitor) in (os.geteuid(), None)
        if ours:
            self.knocked.emit()

    def _knock(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, contextlib.suppress(OSError):
            sock.settimeout(1.0)
            with_short_name(self._path, sock.connect)


def _secure(folder: str) -> None:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    info = os.lstat(folder)
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
        raise PermissionError(1, "not ours")
    if stat.S_IMODE(info.st_mode) != 0o700:
        os.chmod(folder, 0o700)
