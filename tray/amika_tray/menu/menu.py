"""Draws entries as a QMenu. A line that stays keeps its action, so that a click on it counts whenever it arrives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from amika_tray.menu.describe import Entry

Chosen = Callable[[Entry], None]


class Line:
    """One line: an entry and the action that shows it."""

    def __init__(self, menu: QMenu, chosen: Chosen) -> None:
        self.action = QAction(menu)
        self.action.triggered.connect(lambda: self._clicked(chosen))
        self.entry = Entry()

    def show(self, entry: Entry, *, exported: bool) -> None:
        """Show another entry."""
        self.entry = entry
        if entry.kind == "separator":
            self.action.setSeparator(True)
            return
        self.action.setText(exported_label(entry) if exported else label(entry))
        self.action.setEnabled(entry.enabled)
        self.action.setCheckable(entry.checked is not None)
        self.action.setChecked(entry.checked is True)

    def _clicked(self, chosen: Chosen) -> None:
        # Qt has turned the mark already; what is true is said by the next drawing, and it may be that nothing changed
        self.action.setChecked(self.entry.checked is True)
        chosen(self.entry)


class DrawnMenu:
    """What is in one menu.

    Args:
        menu: nobody else puts anything into it.
        exported: True when a tray host draws the menu (it comes to it over D-Bus), False when Qt does.

    """

    def __init__(self, menu: QMenu, *, exported: bool) -> None:
        self._menu, self._exported = menu, exported
        self._lines: list[Line] = []

    def draw(self, entries: Sequence[Entry], chosen: Chosen) -> None:
        """Show these; a click calls `chosen` with its entry.

        A host knows a line by its action: one that asks for the same as before keeps it. `chosen` is not kept here: an
        owner that is referred to by what it owns is taken away by whichever thread collects garbage, and Qt's objects
        must go in their own.
        """
        earlier, place = self._lines, 0
        self._lines = []
        for entry in entries:
            at = _found(earlier, place, entry)
            if at is None:
                line = Line(self._menu, chosen)
                line.show(entry, exported=self._exported)
                self._insert(line, earlier[place] if place < len(earlier) else None)
            else:
                self._remove(earlier[place:at])
                line, place = earlier[at], at + 1
                line.show(entry, exported=self._exported)
            self._lines.append(line)
        self._remove(earlier[place:])

    def _insert(self, line: Line, before: Line | None) -> None:
        if before is None:
            self._menu.addAction(line.action)
        else:
            self._menu.insertAction(before.action, line.action)

    def _remove(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._menu.removeAction(line.action)
            line.action.deleteLater()


def _found(lines: Sequence[Line], place: int, entry: Entry) -> int | None:
    """Return where, from `place` on, the line is that asks for the same as an entry, or None."""
    last = place + 1 if entry.kind == "separator" else len(lines)  # they are all alike: only the next one counts
    return next((at for at in range(place, min(last, len(lines))) if _same(lines[at].entry, entry)), None)


def _same(one: Entry, other: Entry) -> bool:
    if one.kind != other.kind or one.action != other.action:
        return False
    return (one.target == other.target) if one.action else (one.text == other.text)


def label(entry: Entry) -> str:
    """Return the text for a menu that Qt draws: `&` doubled, one `&` before the key."""
    place = _key_place(entry)
    text = entry.text.replace("&", "&&")
    if place < 0:
        return text
    place += entry.text.count("&", 0, place)
    return f"{text[:place]}&{text[place:]}"


def exported_label(entry: Entry) -> str:
    """Return the text for a menu that goes over D-Bus, where `_` marks the key and `__` is an underscore.

    Qt turns the first `&` it meets into that mark and leaves every other character alone, underscores too
    (QDBusMenuItem::convertMnemonic). So a text that has an `&` of its own needs the mark in front of it.
    """
    place = _key_place(entry)
    ampersand = entry.text.find("&")
    if place < 0 and ampersand < 0:
        return entry.text.replace("_", "__")
    if place < 0 or 0 <= ampersand < place:
        place = 0
    return f"{entry.text[:place].replace('_', '__')}&{entry.text[place:].replace('_', '__')}"


def _key_place(entry: Entry) -> int:
    return entry.text.casefold().find(entry.key.casefold()) if entry.key else -1
