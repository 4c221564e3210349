"""The window in use: by keyboard, on a small screen, without an icon, opened and closed again and again."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QWidget,
)
from tests.tray.desk import Desk
from tests.tray.pages_seen import open_page
from tests.tray.waiting import until

from amika_tray.app import TrayApp


def test_every_page_is_reached_by_keyboard_and_closed_by_it(desk: Desk) -> None:
    keys = {shortcut.key().toString(): shortcut for shortcut in desk.window.findChildren(QShortcut)}
    for number in range(1, 9):
        keys[QKeySequence(f"Ctrl+{number}").toString()].activated.emit()
        assert desk.window.list.currentRow() == number - 1
    assert {"F5", "Esc", "Ctrl+W"} <= keys.keys()
    keys["Esc"].activated.emit()
    until(lambda: desk.app._window is None)
    desk.app.knocked()  # a second start of the program opens it again
    assert desk.app._window is not None


def test_everything_that_can_be_used_has_a_name_and_is_in_the_tab_order(desk: Desk) -> None:
    for name in desk.window.pages:
        page = desk.turn(name)
        for widget in page.findChildren(QWidget):
            if not isinstance(widget, QAbstractButton | QLineEdit | QComboBox | QTableView | QPlainTextEdit):
                continue
            if isinstance(widget.parent(), QTableView) or not widget.isVisibleTo(page):
                continue  # the corner of a table
            spoken = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
            assert spoken, (name, widget)
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, (name, spoken)


def _right(widget: QWidget, within: QWidget) -> int:
    return widget.mapTo(within, widget.rect().bottomRight()).x()


def test_a_word_longer_than_the_page_hides_no_button(desk: Desk) -> None:
    name = "m" * 590
    desk.agent.publish(problems=[{"code": "x", "message": name, "remedy": f"/{name}/{name}", "path": f"/{name}"}])
    page = desk.turn("problems")
    until(lambda: len(page.findChildren(QPushButton)) == 1)
    (button,) = page.findChildren(QPushButton)
    for width in (1100, 700):
        desk.window.resize(width, 500)
        until(lambda: page.viewport().width() == page.widget().width())
        until(lambda: button.isVisible() and _right(button, page.viewport()) < page.viewport().width())


def test_a_window_that_is_opened_and_closed_again_and_again_leaves_nothing(app: TrayApp) -> None:
    def parts() -> int:
        return len(QApplication.allWidgets()) + len(app.findChildren(QObject))

    open_page(app, "credentials")
    counted: list[int] = []
    for _ in range(12):
        app.open_window()
        assert app._window is not None
        for name in app._window.pages:
            app.open_window(name)
        app._window.close()
        until(lambda: app._window is None and not app._commands)
        # what is still asked of the agent goes with its answer
        until(lambda: not counted or parts() <= counted[0])
        counted.append(parts())
    assert len(counted) == 12


def test_without_an_icon_everything_can_be_done_from_the_window(desk: Desk) -> None:
    desk.agent.publish(accounts=[], state="signed_out")
    until(desk.window.sign_in.isVisible)
    desk.window.sign_in.click()
    until(lambda: desk.asked("sign_in"))
    dialog = desk.app._sign_in
    assert dialog is not None
    dialog.close()
    desk.window.menu.click()
    until(desk.app._popup.isVisible)
    lines = [action.text().replace("&", "") for action in desk.app._popup.actions() if not action.isSeparator()]
    assert lines == [entry.text for entry in desk.app._entries() if entry.kind == "action"]
    assert lines[-1] == "Quit…"
    sync = next(action for action in desk.app._popup.actions() if action.text() == "&Sync now")
    desk.app._popup.close()
    sync.trigger()
    until(lambda: desk.asked("sync") == [{}])


def test_who_is_signed_in_is_not_asked_to_sign_in(desk: Desk) -> None:
    until(lambda: desk.window.list.item(5).text() == "Problems (4)")
    assert not desk.window.sign_in.isVisible()
    desk.agent.stop()
    until(lambda: desk.app._link.link.state != "connected")
    assert not desk.window.sign_in.isVisible()


@pytest.mark.parametrize("page", ["settings", "problems"])
def test_on_a_small_screen_nothing_is_beyond_the_edge(desk: Desk, page: str) -> None:
    shown = desk.turn(page)
    desk.window.resize(570, 400)
    until(lambda: desk.window.width() < 600)
    QApplication.processEvents()
    assert shown.widget().width() <= shown.viewport().width()
