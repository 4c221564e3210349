"""The menu as Qt draws it and as it goes over D-Bus: names from outside are text, keys work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PySide6.QtWidgets import QApplication, QMenu

from amika_tray.menu.describe import SEPARATOR, Entry
from amika_tray.menu.menu import DrawnMenu, exported_label, label


def host_shows(text: str) -> str:
    """What a StatusNotifierItem host shows for an action's text: Qt's change on the way out, then the host's."""
    first = text.find("&")
    if 0 <= first < len(text) - 1:
        text = f"{text[:first]}_{text[first + 1 :]}"
    shown, place = "", 0
    while place < len(text):
        if text[place] == "_":
            place += 1
            if place == len(text):
                break
        shown += text[place]
        place += 1
    return shown


def qt_shows(text: str) -> str:
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


@pytest.mark.parametrize(
    ("text", "key", "drawn", "exported"),
    [
        ("Sign in…", "I", "S&ign in…", "S&ign in…"),
        ("R&D", "", "R&&D", "&R&D"),
        ("OPENAI_API_KEY", "", "OPENAI_API_KEY", "OPENAI__API__KEY"),
        ("A&B_C", "C", "A&&B_&C", "&A&B__C"),
        ("_x & y", "", "_x && y", "&__x & y"),
        ("at the end &", "", "at the end &&", "&at the end &"),
        ("no such key", "Z", "no such key", "no such key"),
    ],
)
def test_labels(text: str, key: str, drawn: str, exported: str) -> None:
    entry = Entry(text=text, key=key)
    assert label(entry) == drawn
    assert exported_label(entry) == exported
    assert qt_shows(drawn) == text
    assert host_shows(exported) == text


@given(some.text(min_size=1).filter(lambda text: "\0" not in text), some.sampled_from(["", "a", "S"]))
def test_every_text_arrives_as_it_is(text: str, key: str) -> None:
    entry = Entry(text=text, key=key)
    assert host_shows(exported_label(entry)) == text
    assert qt_shows(label(entry)) == text


FIRST = Entry(text="First", action="show", target="credential:a")
SYNC = Entry(text="Sync now", action="sync")
TOLD = Entry(text="Only told", enabled=False)


def shown(menu: QMenu) -> list[str]:
    return ["-" if action.isSeparator() else action.text() for action in menu.actions()]


def test_lines_are_shown_and_clicks_name_their_entry(qt: QApplication) -> None:
    menu = QMenu()
    clicked: list[Entry] = []
    drawn = DrawnMenu(menu, exported=False)
    for _ in range(2):
        drawn.draw([FIRST, SEPARATOR, TOLD], clicked.append)
    assert shown(menu) == ["First", "-", "Only told"]
    assert [action.isEnabled() for action in menu.actions()] == [True, True, False]
    menu.actions()[0].trigger()
    menu.actions()[2].trigger()
    assert clicked == [FIRST]


def test_a_line_that_asks_for_the_same_keeps_its_action(qt: QApplication) -> None:
    menu = QMenu()
    clicked: list[Entry] = []
    drawn = DrawnMenu(menu, exported=True)
    drawn.draw([FIRST, SEPARATOR, SYNC], clicked.append)
    first, _, sync = menu.actions()
    later = replace(FIRST, text="First, expires in 3 h")
    drawn.draw([TOLD, SEPARATOR, later, replace(FIRST, target="credential:b"), SEPARATOR, SYNC], clicked.append)
    assert shown(menu) == ["Only told", "-", "First, expires in 3 h", "First", "-", "Sync now"]
    assert (menu.actions()[2], menu.actions()[5]) == (first, sync)
    sync.trigger()
    first.trigger()
    assert clicked == [SYNC, later]
    drawn.draw([SYNC], clicked.append)
    assert menu.actions() == [sync]


ENTRIES = some.lists(
    some.just(SEPARATOR)
    | some.builds(
        Entry, text=some.sampled_from("abc"), action=some.sampled_from(["", "x", "y"]), enabled=some.booleans()
    ),
    max_size=8,
)


@given(some.lists(ENTRIES, min_size=1, max_size=5))
def test_whatever_was_there_before_the_last_drawing_is_what_is_shown(
    qt: QApplication, menus: list[list[Entry]]
) -> None:
    menu = QMenu()
    clicked: list[Entry] = []
    drawn = DrawnMenu(menu, exported=False)
    for entries in menus:
        drawn.draw(entries, clicked.append)
    assert shown(menu) == ["-" if entry.kind == "separator" else entry.text for entry in menus[-1]]
    for action in menu.actions():
        if not action.isSeparator():
            action.trigger()
    assert clicked == [entry for entry in menus[-1] if entry.kind == "action" and entry.enabled]


def test_a_mark_says_what_is_true_also_when_a_click_changed_nothing(qt: QApplication) -> None:
    menu = QMenu()
    drawn = DrawnMenu(menu, exported=False)
    drawn.draw([Entry(text="Start at login", action="at_login", target="on", checked=False)], lambda _entry: None)
    menu.actions()[0].trigger()
    assert not menu.actions()[0].isChecked()
    drawn.draw([Entry(text="Start at login", action="at_login", target="off", checked=True)], lambda _entry: None)
    assert menu.actions()[0].isChecked()
