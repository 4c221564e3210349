"""What a window shows, as texts: the same on every machine, whatever its letters look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QTableView,
    QWidget,
)


def window(title: str) -> QWidget | None:
    """Return the visible window with this title."""
    found = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w.windowTitle() == title]
    return found[0] if found else None


def seen(shown: QWidget) -> list[str]:
    """Return one line for each text in a window, in the order of its making; "(off)" is what cannot be used."""
    lines = [f"{shown.windowTitle()} {shown.width()} x {shown.height()}"]
    for widget in shown.findChildren(QWidget):
        if widget.isVisible() and not _inside(widget):
            off = "" if widget.isEnabled() else " (off)"
            lines += [f"{line}{off}" for line in _lines(widget)]
    return lines


def _inside(widget: QWidget) -> bool:
    """Tell whether it is a part of a widget that is told as a whole."""
    parent = widget.parentWidget()
    return isinstance(parent, QComboBox | QTableView | QListWidget)


def _lines(widget: QWidget) -> list[str]:
    return next((told(widget) for kind, told in _TOLD.items() if isinstance(widget, kind)), [])


def _label(label: QLabel) -> list[str]:
    return [label.text() or "(picture)"] if label.text() or not label.pixmap().isNull() else []


def _button(button: QAbstractButton) -> list[str]:
    return [f"<{button.text()}>"] if button.text() else []


def _box(box: QComboBox) -> list[str]:
    return [f"_{box.currentText()}_ of {', '.join(box.itemText(number) for number in range(box.count()))}"]


def _item(shown: QListWidget, row: int) -> str:
    return f"{'>' if row == shown.currentRow() else '-'} {shown.item(row).text()}"


def _table(table: QTableView) -> list[str]:
    model = table.model()
    columns = range(model.columnCount())
    heads = " | ".join(str(model.headerData(column, table.horizontalHeader().orientation())) for column in columns)
    rows = [" | ".join(str(model.index(row, column).data()) for column in columns) for row in range(model.rowCount())]
    return [heads, *rows]


_TOLD: dict[type[QWidget], Callable[[Any], list[str]]] = {
    QLabel: _label,
    QCheckBox: lambda box: [f"[{'x' if box.isChecked() else ' '}] {box.text()}".rstrip()],
    QAbstractButton: _button,
    QLineEdit: lambda edit: [f"_{edit.text() or edit.placeholderText()}_"],
    QComboBox: _box,
    QPlainTextEdit: lambda edit: (edit.toPlainText() or edit.placeholderText()).splitlines(),
    QListWidget: lambda shown: [_item(shown, row) for row in range(shown.count())],
    QTableView: _table,
}
