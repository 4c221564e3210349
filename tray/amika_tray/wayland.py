"""What Wayland does not give a program: a place for a menu without a window, the clipboard without the keyboard."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget


def on_wayland() -> bool:
    """Tell whether the windows of this program are a Wayland compositor's."""
    return QGuiApplication.platformName().startswith("wayland")


def clipboard_within_reach() -> bool:
    """Tell whether the clipboard can be set now: on Wayland only while a window of ours has the keyboard."""
    return not on_wayland() or QGuiApplication.focusWindow() is not None


def belong(menu: QMenu, window: QWidget | None) -> None:
    """Let a menu that has no parent open over `window`; without one Wayland does not show it."""
    if on_wayland() and window is not None:
        menu.winId()  # gives it a handle
        menu.windowHandle().setTransientParent(window.window().windowHandle())
