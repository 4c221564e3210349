"""Light or dark where Qt does not know: window managers without a desktop. There the portal says it, and we follow.

In light and in dark, the outlines of check boxes and of fields for text are made ones that can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from amika_tray.notices.bus import Bus, session_address

PORTAL = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings")
KEY = ["org.freedesktop.appearance", "color-scheme"]
DARK = 1

_COLOURS = {
    QPalette.ColorRole.Window: "#393b40",
    QPalette.ColorRole.WindowText: "#e6e6e6",
    QPalette.ColorRole.Base: "#222428",
    QPalette.ColorRole.AlternateBase: "#292b2f",
    QPalette.ColorRole.Text: "#e6e6e6",
    QPalette.ColorRole.PlaceholderText: "#a3a6ac",
    QPalette.ColorRole.Button: "#4c4f55",
    QPalette.ColorRole.ButtonText: "#e6e6e6",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.ToolTipBase: "#4c4f55",
    QPalette.ColorRole.ToolTipText: "#e6e6e6",
    QPalette.ColorRole.Highlight: "#2a72a4",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#6cb6e8",
}
_FAINT = "#9da0a6"
_MENU, _FAINT_IN_MENU = "#44474d", "#b4b7bd"
_STYLE = "fusion"
_INK = 0.55  # how much of the text's colour is in the outline of a check box; the rest is of its ground
_PALED = 127  # per cent: the style draws that outline in the colour of the window, made darker by as much
_FOCUS_IN_DARK = "#6cb6e8"


class Theme(QObject):
    """Sets the application's palette; where Qt follows the desktop by itself, those of a few kinds of widgets only.

    Args:
        env: environment; names the session bus.
        parent: owner.

    """

    changed = Signal()
    """The palette is another one."""

    def __init__(self, env: Mapping[str, str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._env = env
        self._bus: Bus | None = None
        self._light: QPalette | None = None

    def open(self) -> None:
        """Ask, without waiting for the answer, and follow every change."""
        self._outline()
        if QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Unknown:
            QGuiApplication.styleHints().colorSchemeChanged.connect(self._outline)
            return
        self._bus = Bus(session_address(self._env), self)
        self._bus.signalled.connect(self._signalled)
        self._bus.subscribe(PORTAL[2])
        self._bus.call(PORTAL, "Read", "ss", KEY, self._read)

    def close(self) -> None:
        """Follow no more."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _read(self, answer: list[Any] | None) -> None:
        if answer:
            self._turn(answer[0])

    def _signalled(self, interface: str, member: str, arguments: list[Any]) -> None:
        if interface == PORTAL[2] and member == "SettingChanged" and arguments[:2] == KEY:
            self._turn(arguments[2] if len(arguments) > 2 else None)

    def _turn(self, value: object) -> None:
        while isinstance(value, tuple) and len(value) == 2:
            value = value[1]  # a variant, or a variant in one: older portals have both
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return
        if value == DARK and self._light is None:
            self._light = application.palette()
            application.setPalette(dark_palette())
        elif value != DARK and self._light is not None:
            application.setPalette(self._light)
            self._light = None
        else:
            return
        self._outline()
        self.changed.emit()

    def _outline(self) -> None:
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            return
        present = application.palette()
        in_menus = present if self._light is None else dark_palette(menu=True)
        fields = boxes = present
        if application.style().name() == _STYLE:
            in_menus, fields, boxes = outlined(in_menus), outlined(present), _focus_seen(outlined(present))
        for kind, palette in (("QMenu", in_menus), ("QLineEdit", fields), ("QCheckBox", boxes)):
            application.setPalette(palette, kind)  # type: ignore[arg-type]  # its stub says bytes, which it refuses


def outlined(palette: QPalette) -> QPalette:
    """Return the palette for check boxes, fields and menus, whose outlines then have a contrast of at least 3.

    The style draws them darker than the window, and nothing else of these widgets is painted with that colour.
    """
    ground, ink = palette.window().color(), palette.windowText().color()
    result = QPalette(palette)
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        result.setColor(group, QPalette.ColorRole.Window, _between(ground, ink, _INK).lighter(_PALED))
    return result


def _focus_seen(palette: QPalette) -> QPalette:
    """Return the palette with a highlight that shows on dark which check box has the keyboard; nothing else uses it."""
    if palette.base().color().lightness() < palette.text().color().lightness():
        palette.setColor(QPalette.ColorRole.Highlight, QColor(_FOCUS_IN_DARK))
    return palette


def dark_palette(*, menu: bool = False) -> QPalette:
    """Return dark colours; every text has a contrast of at least 4.5 to its ground.

    menu: on a lighter ground, because a style draws the lines and boxes of a menu darker than it.
    """
    palette = QPalette(QColor(_COLOURS[QPalette.ColorRole.Button]), QColor(_COLOURS[QPalette.ColorRole.Window]))
    for role, colour in _COLOURS.items():
        palette.setColor(role, QColor(colour))
    if menu:
        palette.setColor(QPalette.ColorRole.Base, QColor(_MENU))
        palette.setColor(QPalette.ColorRole.Window, QColor(_MENU))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(_FAINT_IN_MENU if menu else _FAINT))
    return palette


def _between(ground: QColor, ink: QColor, share: float) -> QColor:
    parts = zip(ground.getRgb()[:3], ink.getRgb()[:3], strict=True)  # type: ignore[index]  # its stub says object
    return QColor(*(round(one + share * (other - one)) for one, other in parts))
