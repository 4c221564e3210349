"""Draws entries as a QMenu, always the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu

from amika_tray.menu.describe import Entry

Chosen = Callable[[Entry], None]


def draw(menu: QMenu, entries: Sequence[Entry], chosen: Chosen, *, exported: bool) -> None:
    """Replace everything in `menu` by `entries`; a click calls `chosen` with its entry.

    exported: True when a tray host draws the menu (it comes to it over D-Bus), False when Qt does.
    """
    menu.clear()
    for entry in entries:
        if entry.kind == "separator":
            menu.addSeparator()
            continue
        action = menu.addAction(exported_label(entry) if exported else label(entry))
        action.setEnabled(entry.enabled)
        action.setCheckable(entry.checked is not None)
        action.setChecked(entry.checked is True)
        action.triggered.connect(lambda _checked=False, entry=entry: chosen(entry))


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
