"""Tells when one of our own files has become another: what others store there is news to nobody else."""

from __future__ import annotations

import os

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

QUIET = 0.1  # seconds: a file and its lock come and go together


class FileWatch(QObject):
    """A watch on a file that is replaced as a whole; the file and its folder may be missing.

    Args:
        path: absolute.
        parent: owner.

    """

    changed = Signal()

    def __init__(self, path: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._seen = self._stamp()
        self._still = QTimer(self, singleShot=True, interval=round(QUIET * 1000))
        self._still.timeout.connect(self._look)
        self._folder = QFileSystemWatcher(self)
        self._folder.directoryChanged.connect(lambda _path: self._still.start())
        self.arm()

    def arm(self) -> None:
        """Watch the folder, if it is there by now; safe to call again."""
        folder = os.path.dirname(self._path)
        if not self._folder.directories() and os.path.isdir(folder):
            self._folder.addPath(folder)

    def _look(self) -> None:
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            self.changed.emit()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            info = os.stat(self._path)
        except OSError:
            return None
        return info.st_mtime_ns, info.st_ino, info.st_size
