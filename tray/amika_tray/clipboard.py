"""Secrets on the clipboard: marked, so that managers of clipboards do not keep them, and cleared when they are ours."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QMimeData, QObject, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication

KEPT = 45.0
# how a program says that this is not for a history: KDE and its followers, macOS, Windows
MARKS: dict[str, bytes] = {
    "x-kde-passwordManagerHint": b"secret",
    "org.nspasteboard.ConcealedType": b"",
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"\x01\x00\x00\x00",
    'application/x-qt-windows-mime;value="CanIncludeInClipboardHistory"': b"\x00\x00\x00\x00",
    'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"': b"\x00\x00\x00\x00",
}


class SecretClipboard(QObject):
    """Holds at most one secret at a time.

    Args:
        parent: owner.
        kept: seconds after which the clipboard is cleared, if it is still ours.

    """

    def __init__(self, parent: QObject | None = None, *, kept: float = KEPT) -> None:
        super().__init__(parent)
        self._ours: QMimeData | None = None
        self._limit = QTimer(self, singleShot=True, interval=round(kept * 1000))
        self._limit.timeout.connect(self.clear)
        self._clipboard: QClipboard = QGuiApplication.clipboard()

    @property
    def holds(self) -> bool:
        """Tell whether a secret of ours is on the clipboard."""
        # the very object comes back as long as we own the clipboard; nobody is asked for contents
        return self._ours is not None and self._clipboard.mimeData() is self._ours

    def put(self, text: str) -> None:
        """Put a secret there; an earlier one of ours goes, and the time begins anew."""
        data = QMimeData()
        data.setText(text)
        for kind, mark in MARKS.items():
            data.setData(kind, QByteArray(mark))
        self._ours = data
        self._clipboard.setMimeData(data)
        self._limit.start()

    def clear(self) -> None:
        """Take our secret away. What somebody else has put there since stays."""
        self._limit.stop()
        if self.holds:
            self._clipboard.clear()
        self._ours = None
