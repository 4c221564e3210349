"""A page of the open window as a test sees and uses it."""

from __future__ import annotations

from typing import Any, TypeVar

from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from tests.tray.waiting import until

from amika_tray.app import TrayApp
from amika_tray.question import Question

Asked = TypeVar("Asked", bound=Question)


def open_page(app: TrayApp, name: str) -> Any:
    """Open the window on a page, once the agent is heard, and return the page."""
    app.open()
    until(lambda: app._link.link.state == "connected")
    app.open_window(name)
    assert app._window is not None
    return app._window.pages[name]


def told(widget: QWidget) -> str:
    """Return every text that stands there."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def button(widget: QWidget, text: str) -> QPushButton:
    """Return the button with this text."""
    found = [one for one in widget.findChildren(QPushButton) if one.text().replace("&", "") == text]
    assert found, f"no button “{text}”"
    return found[0]


def asked(widget: QWidget, kind: type[Asked]) -> Asked:
    """Return the question that stands open, once there is one."""
    until(lambda: widget.findChildren(kind))
    (found,) = widget.findChildren(kind)
    return found


def answer(question: Question, name: str) -> None:
    """Press one of its buttons, and wait until the question is gone."""
    window = question.parentWidget()
    kind = type(question)
    pressed = question.findChild(QPushButton, name)
    assert pressed is not None
    pressed.click()
    until(lambda: not window.findChildren(kind))
