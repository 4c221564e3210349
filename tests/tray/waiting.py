"""Waiting on conditions while Qt's event loop runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEventLoop, QTimer


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Run the event loop until `condition` holds; fail after `seconds`."""
    if condition():
        return
    loop = QEventLoop()
    poll = QTimer(interval=5)
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    limit = QTimer(singleShot=True, interval=round(seconds * 1000))
    limit.timeout.connect(loop.quit)
    poll.start()
    limit.start()
    loop.exec()
    poll.stop()
    limit.stop()
    assert condition(), "it did not come to pass"


def settle(milliseconds: int = 50) -> None:
    """Run the event loop for a moment, to see that something does *not* happen."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
