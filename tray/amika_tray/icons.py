"""The icons, rendered beforehand from packaging/icons/*.svg by packaging/icons/render.py."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QIcon

from amika_shared.snapshot import PROBLEM, STATES

FOLDER = os.path.join(os.path.dirname(__file__), "icons")
TRAY_SIZES = (16, 22, 24, 32, 48, 64)
APP_SIZES = (16, 32, 48, 64, 128, 256)


@functools.cache
def state_icon(state: str, *, on_dark: bool, template: bool = sys.platform == "darwin") -> QIcon:
    """Return the tray icon of a state for a dark or a light panel; an unknown state is shown as a problem.

    A template (macOS) is a mask: the system draws its shape in the colour that the menu bar needs.
    """
    name = state if state in STATES else PROBLEM
    ground = "on-dark" if on_dark and not template else "on-light"
    icon = _loaded(f"{name}-{ground}", TRAY_SIZES)
    icon.setIsMask(template)
    return icon


@functools.cache
def app_icon() -> QIcon:
    """Return the icon of windows."""
    return _loaded("app", APP_SIZES)


def dark_panel(env: Mapping[str, str]) -> bool:
    """Tell whether the icon will stand on something dark: as the desktop says, else as its palette looks."""
    if "GNOME" in env.get("XDG_CURRENT_DESKTOP", "").split(":"):
        return True  # its bar is dark whatever the windows are
    scheme = QGuiApplication.styleHints().colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        return QGuiApplication.palette().window().color().lightness() < 128
    return scheme == Qt.ColorScheme.Dark


def _loaded(name: str, sizes: tuple[int, ...]) -> QIcon:
    icon = QIcon()
    for size in sizes:
        icon.addFile(os.path.join(FOLDER, f"{name}-{size}.png"))
    return icon
