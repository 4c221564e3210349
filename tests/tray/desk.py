"""The application with its window open, and its tables as a test reads them."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import (
    QPushButton,
    QTableView,
    QWidget,
)
from tests.fakes.agent_server import FakeAgent

from amika_tray.app import TrayApp
from amika_tray.window.main_window import MainWindow


class Desk:
    """The application with its window open, as one test sees it."""

    def __init__(self, app: TrayApp, agent: FakeAgent) -> None:
        self.app = app
        self.agent = agent

    @property
    def window(self) -> MainWindow:
        assert self.app._window is not None
        return self.app._window

    def turn(self, page: str) -> Any:
        self.app.open_window(page)
        return self.window.pages[page]

    def button(self, text: str, where: QWidget | None = None) -> QPushButton:
        found = [b for b in (where or self.window).findChildren(QPushButton) if b.text().replace("&", "") == text]
        assert found, f"no button “{text}”"
        return found[0]

    def asked(self, op: str) -> list[dict[str, Any]]:
        return [args for name, args in self.agent.asked if name == op]


def cells(table: QTableView) -> list[list[str]]:
    model = table.model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]
