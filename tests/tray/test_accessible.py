"""Everything that takes the keyboard says what it is to a screen reader, in every window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QLabel, QWidget
from tests.fakes.agent_server import ORGANIZATIONS
from tests.tray.desk import Desk
from tests.tray.waiting import until

from amika_tray.menu.describe import Entry

PAGES = ("credentials", "rules", "vault", "connections", "activity", "problems", "settings", "diagnostics")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_what_takes_the_keyboard(desk: Desk, page: str) -> None:
    desk.turn(page)
    until(lambda: reached(desk.window))
    assert nameless(desk.window) == []


def test_the_sign_in_names_what_takes_the_keyboard(desk: Desk) -> None:
    desk.agent.organizations = ORGANIZATIONS
    desk.app.sign_in("akos")
    dialog = desk.app._sign_in
    assert dialog is not None
    for phase, go_on in (("code", desk.agent.approve), ("choose", dialog._choice.go.click), ("done", dialog.close)):
        until(lambda phase=phase: dialog.shown.phase == phase)
        assert reached(dialog)
        assert nameless(dialog) == []
        go_on()


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        (Entry(action="show", target="credential:claude-oauth/anthropic"), "Anthropic"),
        (Entry(action="show", target="account:amika"), "Amika account"),
        (Entry(action="quit"), "Quit Amika"),
    ],
)
def test_a_small_window_names_what_takes_the_keyboard(desk: Desk, entry: Entry, title: str) -> None:
    desk.app.do(entry)
    shown: Callable[[], list[QWidget]] = lambda: [w for w in desk.app._windows.values() if w.windowTitle() == title]  # noqa: E731
    until(shown)
    assert reached(shown()[0])
    assert nameless(shown()[0]) == []


def test_the_check_can_fail(desk: Desk) -> None:
    edit = QWidget(desk.window)
    edit.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    edit.show()
    assert nameless(desk.window) == [("QWidget", "")]


def reached(window: QWidget) -> list[QWidget]:
    """Return what can be reached by keyboard and seen."""
    QApplication.processEvents()
    own = [window, *window.findChildren(QWidget)]
    return [w for w in own if w.isVisibleTo(window) and w.focusPolicy() & Qt.FocusPolicy.TabFocus]


def nameless(window: QWidget) -> list[tuple[str, str]]:
    """Return kind and object name of what takes the keyboard and says nothing."""
    found = []
    for widget in reached(window):
        if type(widget) is QAbstractScrollArea or widget.objectName().startswith("qt_scrollarea"):
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        spoken = interface.text(QAccessible.Text.Name)
        if not spoken.strip() and not (isinstance(widget, QLabel) and widget.text()):
            found.append((type(widget).__name__, widget.objectName()))
    return found
