"""Opens a page in the person's browser. $BROWSER may name a program that runs until it is closed: hence the thread."""

from __future__ import annotations

import contextlib
import os
import threading

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices


class Browser(QObject):
    """Opens pages; `opened` tells whether a browser took the page."""

    opened = Signal(bool)

    def open(self, page: str) -> None:
        """Open `page` without waiting for the browser."""
        threading.Thread(target=self._open, args=(page,), name="browser", daemon=True).start()

    def _open(self, page: str) -> None:
        import webbrowser  # noqa: PLC0415 -- 10 ms that most runs never need

        try:
            ok = webbrowser.open(page)
        except (webbrowser.Error, OSError):
            ok = False
        with contextlib.suppress(RuntimeError):  # the dialog may be gone by now
            self.opened.emit(ok)


def show_folder_of(path: str) -> None:
    """Open the folder of a file in the desktop's file manager. Only a folder is ever opened, never the file itself."""
    folder = os.path.dirname(path)
    if os.path.isabs(folder):
        QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
