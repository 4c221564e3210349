"""The settings page: nothing is changed by accident, and what each setting does is said beside it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QWidget
from tests.tray.desk import Desk
from tests.tray.pages_seen import told
from tests.tray.waiting import until


@pytest.mark.parametrize("label", ["Log level", "Keep the login in"])
def test_the_wheel_over_a_list_scrolls_the_page_and_changes_nothing(desk: Desk, label: str) -> None:
    page = desk.turn("settings")
    until(lambda: desk.asked("settings"))
    desk.window.resize(900, 300)
    until(lambda: page.verticalScrollBar().maximum() > 0)
    box = next(box for box in page.findChildren(QComboBox) if box.accessibleName() == label)
    before = box.currentIndex()
    for turned in (-120, 120, -120):
        page.ensureWidgetVisible(box)
        at = page.verticalScrollBar().value()
        _wheel(box, turned)
        QApplication.processEvents()
        assert page.verticalScrollBar().value() != at
        assert box.currentIndex() == before
    assert desk.asked("configure") == []


def test_what_is_started_to_renew_a_login_is_said_in_words(desk: Desk) -> None:
    page = desk.turn("settings")
    boxes = [b for b in page.findChildren(QCheckBox) if b.accessibleName().startswith("Renew logins by starting: ")]
    assert [box.text() for box in boxes] == ["Claude Code", "Codex"]
    assert "Run a closed program's status command when its login ends soon: this may renew it" in told(page)


@pytest.mark.parametrize("width", [640, 1100])
def test_nothing_is_cut_off_at_the_side(desk: Desk, width: int) -> None:
    """There is no bar to scroll sideways with, so everything has to fit."""
    page = desk.turn("settings")
    desk.agent.settings["akos.api_url"] = "https://" + "a-very-long-name." * 20 + "example.com/with/a/path"
    page.opened()
    until(lambda: "a-very-long-name" in told(page))
    desk.window.resize(width, 660)
    QApplication.processEvents()
    right = page.viewport().width()
    beyond = [
        (one.accessibleName() or getattr(one, "text", str)())
        for one in page.widget().findChildren(QWidget)
        if one.isVisibleTo(page) and one.mapTo(page.viewport(), QPoint(one.width(), 0)).x() > right
    ]
    assert beyond == []


def _wheel(widget: QWidget, turned: int) -> None:
    place = widget.mapTo(widget.window(), widget.rect().center())
    QTest.wheelEvent(widget.window().windowHandle(), QPointF(place), QPoint(0, turned))
