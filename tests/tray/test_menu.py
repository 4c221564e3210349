"""The menu as Qt draws it and as it goes over D-Bus: names from outside are text, keys work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PySide6.QtWidgets import QApplication, QMenu

from amika_tray.menu.describe import SEPARATOR, Entry
from amika_tray.menu.menu import draw, exported_label, label


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


def test_the_whole_menu_is_replaced_and_clicks_name_their_entry(qt: QApplication) -> None:
    menu = QMenu()
    clicked: list[Entry] = []
    first = Entry(text="First", action="show", target="credential:a")
    told = Entry(text="Only told", enabled=False)
    draw(menu, [first, SEPARATOR, told], clicked.append, exported=False)
    draw(menu, [first, SEPARATOR, told], clicked.append, exported=False)
    assert [action.isSeparator() for action in menu.actions()] == [False, True, False]
    assert [action.isEnabled() for action in menu.actions()] == [True, True, False]
    menu.actions()[0].trigger()
    menu.actions()[2].trigger()
    assert clicked == [first]
