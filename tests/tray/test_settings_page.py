"""The settings page: nothing is changed by accident, and what each setting does is said beside it."""

from __future__ import annotations

import os

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QWidget
from tests.fakes.agent_server import FakeAgent
from tests.tray.desk import Desk
from tests.tray.pages_seen import told
from tests.tray.waiting import until

from amika_shared.profile import Profile


@pytest.mark.parametrize("label", ["Log level", "Keep the login in"])
def test_the_wheel_over_a_list_scrolls_the_page_and_changes_nothing(desk: Desk, label: str) -> None:
    page = desk.turn("settings")
    until(lambda: page._values)  # the answer, not only the question: it sets the lists
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


def test_what_is_being_typed_when_the_agent_dies_is_not_lost(desk: Desk, profile: Profile) -> None:
    page = desk.turn("settings")
    until(lambda: desk.asked("settings"))
    edit = next(edit for edit in page.findChildren(QLineEdit) if edit.accessibleName() == "Allow in shells")
    assert QTest.qWaitForWindowActive(desk.window, 20_000)
    edit.setFocus()
    QTest.keyClicks(edit, "ANTHROPIC_API_KEY")
    desk.agent.die()
    until(lambda: not edit.isEnabled())
    second = FakeAgent(profile, os.environ).start()
    until(edit.isEnabled, 30)
    until(lambda: [op for op, _ in second.asked].count("settings") == 1)
    assert edit.text() == "ANTHROPIC_API_KEY"
    edit.setFocus()
    QTest.keyClick(edit, Qt.Key.Key_Return)
    until(lambda: second.settings["shell.allow"] == ["ANTHROPIC_API_KEY"])
    second.stop()


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
