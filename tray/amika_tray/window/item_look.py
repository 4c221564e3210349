"""How rows look: room beside their texts, no frame around the one cell that has the keyboard, columns that fit."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QAbstractItemView, QListWidget, QTableView, QWidget

ROOM = 7  # pixels beside a text
LEAST = 110  # pixels that a column keeps


def list_look(view: QListWidget) -> None:
    """Give the rows of a list room at their sides; the colours stay those of the palette."""
    view.setStyleSheet(_rows("QListWidget"))


def table_look(view: QTableView) -> None:
    """Give the cells of a table room at their sides, and its heads the same; the colours stay those of the palette."""
    view.setStyleSheet(
        _rows("QTableView") + "QHeaderView { background: palette(window) } "
        "QHeaderView::section { background: palette(window); color: palette(window-text); border: 0; "
        f"border-bottom: 1px solid palette(mid); padding: 4px {ROOM + 3}px }}"
    )


def follow_palette(window: QWidget) -> None:
    """Have the looks below a window take the present palette: a view with a look keeps the one it was given it in."""
    for view in window.findChildren(QAbstractItemView):
        look = view.styleSheet()
        if look:
            view.setStyleSheet("")
            view.setStyleSheet(look)


def column_widths(wanted: Sequence[int], room: int) -> list[int]:
    """Return widths that fit into `room`: as wanted, or with the widest ones cut down alike, though not to nothing."""
    if sum(wanted) <= room:
        return list(wanted)
    left, cut = room, room
    for place, width in enumerate(sorted(wanted)):
        cut = left // (len(wanted) - place)
        if width > cut:
            break
        left -= width
    return [min(width, max(cut, LEAST)) for width in wanted]


def _rows(name: str) -> str:
    return f"{name} {{ outline: 0 }} {name}::item {{ padding-left: {ROOM}px; padding-right: {ROOM}px }} "
