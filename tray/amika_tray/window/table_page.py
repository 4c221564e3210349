"""A page with a table: sorted by its heads, used by keyboard, and teaching when it is empty."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from amika_tray.labels import selectable, text_label
from amika_tray.menu.details import Details
from amika_tray.menu.details_window import DetailsWindow
from amika_tray.rows import Row
from amika_tray.window.item_look import column_widths, table_look
from amika_tray.window.table_model import KEY, SORT, TableModel
from amika_tray.wording import tn

SPARE = 4  # pixels that a column has beyond its texts
SAMPLE = 40  # rows looked at for the widths


class Table(QTableView):
    """Rows that can be chosen. `opened`: Enter or a double click on the row with this key."""

    opened = Signal(str)

    def __init__(self, heads: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = TableModel(heads)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.rows)
        self._sorted.setSortRole(SORT)
        self._sorted.setSortCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._sorted)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        head = self.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setHighlightSections(False)
        head.setStretchLastSection(True)
        head.setResizeContentsPrecision(SAMPLE)
        head.setSortIndicatorClearable(True)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        table_look(self)
        self.activated.connect(self._activated)
        head.sectionResized.connect(self._column_resized)
        self._wanted: list[int] = []
        self._last, self._place = "", 0  # which row was chosen, and where it stood
        self._fitting = self._by_hand = False

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these. The chosen row stays chosen, also when it is away for a while; in its stead its neighbour is."""
        if self.chosen():
            self._last, self._place = self.chosen(), self.currentIndex().row()
        at = self.verticalScrollBar().value()
        self.rows.set_rows(rows)
        if rows and not self._wanted:
            self._measure()
            self._fit()
        if self._last != self.chosen():
            self.choose(self._last)
        if rows and not self.chosen():  # gone: whoever uses the keyboard goes on at its place
            self.setCurrentIndex(self._sorted.index(min(self._place, len(rows) - 1), 0))
        if self.verticalScrollBar().value() != at:  # choosing has turned to the chosen row; a person may read elsewhere
            self.verticalScrollBar().setValue(at)

    def chosen(self) -> str:
        """Return the key of the chosen row, or ""."""
        index = self.currentIndex()
        return str(index.data(KEY)) if index.isValid() else ""

    def choose(self, key: str) -> None:
        """Choose the row with this key, if there is one."""
        start = self._sorted.index(0, 0)
        found = self._sorted.match(start, KEY, key, 1, Qt.MatchFlag.MatchExactly) if start.isValid() else []
        if found:
            self.setCurrentIndex(found[0])

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        """Fit the columns, unless a person has done so."""
        super().resizeEvent(event)
        if not self._by_hand:
            self._fit()

    def _measure(self) -> None:
        # once: what the first rows need is what the later ones need, and long texts take long to be measured
        head = self.horizontalHeader()
        columns = range(self.rows.columnCount())
        self._wanted = [max(self.sizeHintForColumn(column), head.sectionSizeHint(column)) + SPARE for column in columns]

    def _fit(self) -> None:
        self._fitting = True
        for column, width in enumerate(column_widths(self._wanted, self.viewport().width())[:-1]):
            self.setColumnWidth(column, width)
        self._fitting = False

    def _column_resized(self, column: int, _before: int, _now: int) -> None:
        # the last one takes what the others leave
        self._by_hand = self._by_hand or not (self._fitting or column == self.rows.columnCount() - 1)

    def _activated(self, index: QModelIndex) -> None:
        self.opened.emit(str(index.data(KEY)))


class TablePage(QWidget):
    """A table, or what is said instead when it is empty; buttons below."""

    def __init__(self, heads: Sequence[str], name: str, empty: tuple[str, str]) -> None:
        super().__init__()
        self.table = Table(heads, name)
        self._title = text_label(empty[0], scale=1.2, bold=True)
        self._text = selectable(text_label(empty[1]))
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        nothing = QWidget()
        inner = QVBoxLayout(nothing)
        inner.setContentsMargins(48, 0, 48, 0)
        inner.addStretch(2)
        inner.addWidget(self._title)
        inner.addWidget(self._text)
        inner.addStretch(3)
        self.table.opened.connect(self.open_row)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(nothing)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self.stack, 1)
        self._beyond = selectable(text_label())
        self._beyond.hide()
        self.body.addWidget(self._beyond)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch(1)
        self.body.addLayout(self.buttons)
        self.show_rows([])

    def show_rows(self, rows: Sequence[Row], beyond: int = 0) -> None:
        """Show these. beyond: how many more there are that the agent did not send."""
        self.table.show_rows(rows)
        self.stack.setCurrentIndex(0 if rows else 1)
        self._beyond.setVisible(beyond > 0)
        self._beyond.setText(tn("{n} more is not shown here.", "{n} more are not shown here.", beyond))

    def open_row(self, key: str) -> None:
        """Show a row in full: a column may be too narrow for its text."""
        told = self.table.rows.told(key)
        if told:
            DetailsWindow(Details(self.table.accessibleName(), told), self).open()

    def explain(self, title: str, text: str) -> None:
        """Say this while there is nothing to show."""
        self._title.setText(title)
        self._text.setText(text)

    def button(self, text: str) -> QPushButton:
        """Add a button at the right end."""
        button = QPushButton(text)
        button.setIcon(QIcon())
        button.setAutoDefault(False)
        self.buttons.addWidget(button)
        return button
