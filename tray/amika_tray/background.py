"""Work that may wait for a disk, off the GUI thread; its result comes back as a call on it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal


class Background(QObject):
    """Runs short pieces of work, one thread each. Nothing is called any more once the object is gone."""

    _over = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._over.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], object], done: Callable[[object], None]) -> None:
        """Call `work` in a thread, then `done` with what it returned, on the GUI thread.

        `work` handles its own errors; one that it lets through reaches `done` as the exception itself.
        """
        threading.Thread(target=self._run, args=(work, done), name="background", daemon=True).start()

    def _run(self, work: Callable[[], object], done: Callable[[object], None]) -> None:
        try:
            result: object = work()
        except Exception as error:  # noqa: BLE001 -- handed to the one who asked
            result = error
        with contextlib.suppress(RuntimeError):  # the application may have ended meanwhile
            self._over.emit(done, result)

    def _tell(self, done: Callable[[object], None], result: object) -> None:
        done(result)
