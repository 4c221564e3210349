"""Secrets on the clipboard: marked, gone after a while, and never somebody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from tests.tray.waiting import settle, until

from amika_tray.clipboard import MARKS, SecretClipboard

FAKE = "export A='not-a-real-key'\n"


@pytest.fixture(autouse=True)
def empty(qt: QApplication) -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()


def text() -> str:
    return QGuiApplication.clipboard().text()


def test_it_is_marked_as_a_secret_for_every_kind_of_manager() -> None:
    clipboard = SecretClipboard()
    clipboard.put(FAKE)
    data = QGuiApplication.clipboard().mimeData()
    assert bytes(data.data("x-kde-passwordManagerHint").data()) == b"secret"
    assert set(MARKS) <= set(data.formats())
    assert text() == FAKE
    clipboard.clear()


def test_it_goes_after_its_time() -> None:
    clipboard = SecretClipboard(kept=0.05)
    clipboard.put(FAKE)
    until(lambda: text() == "")
    assert not clipboard.holds


def test_a_second_copy_begins_the_time_anew() -> None:
    clipboard = SecretClipboard(kept=0.2)
    clipboard.put("one")
    seen: list[str] = []
    # between the end of the first copy's time and that of the second's; however late, Qt takes them in this order
    QTimer.singleShot(120, lambda: clipboard.put("two"))
    QTimer.singleShot(260, lambda: seen.append(text()))
    until(lambda: seen)
    assert seen == ["two"]
    until(lambda: text() == "")


def test_what_somebody_else_put_there_since_stays() -> None:
    clipboard = SecretClipboard(kept=0.05)
    clipboard.put(FAKE)
    QGuiApplication.clipboard().setText("theirs")
    assert not clipboard.holds
    settle(120)
    assert text() == "theirs"


def test_at_the_end_it_is_cleared_at_once() -> None:
    clipboard = SecretClipboard()
    clipboard.put(FAKE)
    clipboard.clear()
    assert text() == ""
    clipboard.clear()
