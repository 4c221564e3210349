"""Rows as Qt's views take them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from amika_tray.labels import tool_tip
from amika_tray.rows import Row

Index = QModelIndex | QPersistentModelIndex
SORT = Qt.ItemDataRole.UserRole
KEY = Qt.ItemDataRole.UserRole + 1
_NOWHERE = QModelIndex()


class TableModel(QAbstractTableModel):
    """A table of rows; nothing in it can be edited."""

    def __init__(self, heads: Sequence[str]) -> None:
        super().__init__()
        self._heads = list(heads)
        self._rows: list[Row] = []

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows. When they are the same ones as before, only what changed is drawn, and nothing jumps."""
        rows = list(rows)
        if [row.key for row in rows] != [row.key for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
            return
        before, self._rows = self._rows, rows
        last = len(self._heads) - 1
        for number, (old, new) in enumerate(zip(before, rows, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(number, 0), self.index(number, last))

    def told(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return the heads and texts of a row, without its empty cells; () when there is no such row."""
        found = next((row for row in self._rows if row.key == key), None)
        return () if found is None else tuple(pair for pair in zip(self._heads, found.cells, strict=True) if pair[1])

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 -- Qt's name
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._heads)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return a head."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section] if 0 <= section < len(self._heads) else None
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell: its text, the same as its tool tip, what it is sorted by, or the key of its row."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        column = index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.cells[column]
            case Qt.ItemDataRole.ToolTipRole:
                return tool_tip(row.cells[column])
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._heads[column]}: {row.cells[column]}"
        if role == SORT:
            return row.sorts[column]
        return row.key if role == KEY else None
