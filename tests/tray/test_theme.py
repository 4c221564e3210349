"""The outline of a check box can be seen: on light and on dark, with and without the keyboard, in windows and menus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QMenu, QVBoxLayout, QWidget

from amika_tray.theme import DARK, Theme, dark_palette

LIGHT = 2
ENOUGH = 3.0


@pytest.fixture
def theme(qt: QApplication) -> Iterator[Theme]:
    earlier = qt.style().name()
    qt.setStyle("fusion")
    own = Theme({})
    own.open()
    yield own
    own._turn(LIGHT)
    own.close()
    for kind in ("QMenu", "QLineEdit", "QCheckBox"):
        qt.setPalette(qt.palette(), kind)
    qt.setStyle(earlier)


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("focused", [False, True])
@pytest.mark.parametrize("checked", [False, True])
def test_the_outline_of_a_check_box_is_seen(theme: Theme, scheme: int, focused: bool, checked: bool) -> None:
    theme._turn(scheme)
    window = QWidget()
    box, other = QCheckBox("x"), QCheckBox("y")
    column = QVBoxLayout(window)
    column.addWidget(other)
    column.addWidget(box)
    box.setChecked(checked)
    window.show()
    assert QTest.qWaitForWindowActive(window, 20_000)
    other.setFocus()
    if focused:
        QTest.keyClick(other, Qt.Key.Key_Tab)
    assert box.hasFocus() is focused
    picture = window.grab().toImage()
    y = box.mapTo(window, QPoint(0, box.height() // 2)).y()
    row = [picture.pixelColor(x, y) for x in range(box.x(), box.x() + 3)]
    assert max(contrast(colour, picture.pixelColor(1, 1)) for colour in row) >= ENOUGH


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_the_outline_of_a_box_in_a_menu_is_seen(theme: Theme, scheme: int) -> None:
    theme._turn(scheme)
    menu = QMenu()
    menu.addAction("Start at login").setCheckable(True)
    menu.show()
    QApplication.processEvents()
    picture = menu.grab().toImage()
    menu.hide()
    assert strongest(picture, QPoint(3, 2), 12, picture.pixelColor(3, 3)) >= ENOUGH


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_the_outline_of_a_field_is_seen_and_its_ground_is_as_ever(theme: Theme, qt: QApplication, scheme: int) -> None:
    theme._turn(scheme)
    window = QWidget()
    field = QLineEdit()
    QVBoxLayout(window).addWidget(field)
    window.show()
    picture = window.grab().toImage()
    middle = field.geometry().center()
    row = [picture.pixelColor(field.x() + x, middle.y()) for x in range(3)]
    assert max(contrast(colour, picture.pixelColor(1, 1)) for colour in row) >= ENOUGH
    assert picture.pixelColor(middle).name() == qt.palette().base().color().name()


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_a_check_box_stands_on_the_ground_of_its_window(theme: Theme, scheme: int) -> None:
    theme._turn(scheme)
    window = QWidget()
    box = QCheckBox("x", window)
    window.show()
    picture = window.grab().toImage()
    assert picture.pixelColor(box.width() - 1, 0) == picture.pixelColor(window.width() - 1, window.height() - 1)


def test_what_cannot_be_used_stays_faint(theme: Theme, qt: QApplication) -> None:
    theme._turn(DARK)
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.Window, QPalette.ColorRole.WindowText):
        assert qt.palette("QCheckBox").color(disabled, role) == dark_palette().color(disabled, role)


def strongest(picture: QImage, start: QPoint, side: int, ground: QColor) -> float:
    """Return the largest contrast to the ground in a square of a picture."""
    spots = [(start.x() + x, start.y() + y) for x in range(side) for y in range(side)]
    return max(contrast(picture.pixelColor(x, y), ground) for x, y in spots)


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of two colours: 1 (the same) to 21, as for web content."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = colour.redF(), colour.greenF(), colour.blueF()
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
