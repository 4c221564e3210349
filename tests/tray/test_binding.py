"""What we trust the Qt binding with: a release that gets this wrong ends the tray after some hours."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject


def test_a_call_that_returns_nothing_does_not_give_away_none() -> None:
    thing = QObject()
    before = sys.getrefcount(None)
    for _ in range(1000):
        thing.setObjectName("x")
        thing.parent()
    assert sys.getrefcount(None) - before > -500
