"""Names from outside are shown as they are: no markup, no key marks, nothing hidden, in every window and menu."""

from __future__ import annotations

import time
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from tests.tray.desk import Desk, cells
from tests.tray.pages_seen import told
from tests.tray.sample import credential, machine
from tests.tray.waiting import until

from amika_tray.menu.describe import Entry
from amika_tray.menu.details import copied
from amika_tray.menu.details_window import DetailsWindow

NASTY = "<b>A&B</b> _x_"
HEBREW = "שלום עולם"
PAGES = ("credentials", "rules", "vault", "connections", "activity", "problems", "settings", "diagnostics")


def nasty(now: float) -> dict[str, Any]:
    """Return a machine on which everything is called that."""
    fields = machine(now)
    for account in fields["accounts"]:
        account |= {"email": NASTY, "organization": HEBREW, "user_id": NASTY}
    for number, one in enumerate(fields["credentials"]):
        one |= {"id": f"opencode/{number}", "provider": NASTY, "account": NASTY, "path": f"/home/{NASTY}"}
    for rule in fields["rules"]:
        rule |= {"name": NASTY, "detail": NASTY}
    for number, problem in enumerate(fields["problems"]):
        problem |= {"message": f"{NASTY} {number}", "path": f"/home/{NASTY}", "remedy": f"`amika doctor {NASTY}`"}
    return fields


@pytest.fixture
def named_desk(desk: Desk) -> Desk:
    now = time.time()
    desk.agent.events = [{"at": now, "what": NASTY, "subject": NASTY, "why": NASTY, "caller": NASTY}]
    desk.agent.vault = [{"key": NASTY, "scope": NASTY, "source": NASTY, "stored_at": now}]
    desk.agent.connected = [{"name": NASTY, "kind": NASTY, "vault_key": NASTY, "scope": NASTY, "missing_keys": [NASTY]}]
    desk.agent.publish(**nasty(now))
    until(lambda: any(NASTY in row for row in cells(desk.turn("credentials").table)))
    return desk


@pytest.mark.parametrize("page", PAGES)
def test_a_page_takes_no_name_for_markup(named_desk: Desk, page: str) -> None:
    shown = named_desk.turn(page)
    if page in ("vault", "connections", "activity"):
        until(lambda: any(NASTY in row for row in cells(shown.table)))
    if page == "problems":
        until(lambda: f"{NASTY} 0" in told(shown))
    assert marked_up(named_desk.window) == []


@pytest.mark.parametrize(
    "entry",
    [
        Entry(action="show", target="credential:opencode/0"),
        Entry(action="show", target="account:amika"),
        Entry(action="quit"),
    ],
)
def test_a_small_window_takes_no_name_for_markup(named_desk: Desk, entry: Entry) -> None:
    named_desk.app.do(entry)
    until(lambda: named_desk.app._windows)
    (window,) = named_desk.app._windows.values()
    assert marked_up(window) == []
    if entry.action == "show":
        assert NASTY in told(window)


def test_the_question_before_a_rule_ends_shows_its_name_as_it_is(named_desk: Desk) -> None:
    page = named_desk.turn("rules")
    page.rules.table.choose("r1")
    page.rules.stop.click()
    (question,) = [child for child in page.rules.findChildren(QWidget) if child.windowTitle() == "Stop pushing"]
    assert marked_up(question) == []
    assert f"“{NASTY}”" in told(question)
    question.close()


def test_the_menu_shows_a_name_as_it_is(named_desk: Desk) -> None:
    named_desk.app.pop_up()
    shown = [action.text() for action in named_desk.app._popup.actions()]
    named_desk.app._popup.close()
    assert any(text.startswith(f"{NASTY} login (".replace("&", "&&")) for text in shown)


def test_a_label_beside_a_value_loses_no_ampersand(qt: object) -> None:
    """In a label that has a buddy an `&` marks the key that leads to it."""
    window = DetailsWindow(copied({"withheld": [{"name": "A&B", "reason": "because"}]}))
    (shown,) = [one for one in window.findChildren(QLabel) if one.buddy() is not None]
    assert shown.text() == "A&&B"
    window.close()


def test_a_tool_tip_is_text(named_desk: Desk) -> None:
    page = named_desk.turn("problems")
    tips = [child.toolTip() for child in page.findChildren(QWidget) if child.toolTip()]
    assert all(tip.startswith("<qt>") and "<b>" not in tip for tip in tips)


def test_hebrew_and_long_names_fit(desk: Desk) -> None:
    now = time.time()
    fields = machine(now)
    fields["accounts"][0] |= {"email": HEBREW + "@" + "x" * 500 + ".example", "organization": "O" * 300}
    fields["credentials"] = [
        {
            **credential("opencode", f"{HEBREW}{n}" + "p" * 200, "api_key", None, "not_pushed", f"KEY_{n}"),
            "id": f"o/{n}",
        }
        for n in range(500)
    ]
    desk.agent.publish(**fields)
    page = desk.turn("credentials")
    until(lambda: len(cells(page.table)) == 500)
    assert all(len(entry.text) < 130 for entry in desk.app._entries())
    assert desk.window.minimumSizeHint().width() < 900


def marked_up(window: QWidget) -> list[str]:
    """Return what would be drawn otherwise than it is written: texts that are, or may be taken for, markup."""
    labels = [one for one in window.findChildren(QLabel) if one.textFormat() != Qt.TextFormat.PlainText]
    texts = [one.text() for one in labels if one.text()]
    keyed = [one.text() for one in window.findChildren(QLabel) if one.buddy() is not None and "&" in one.text()]
    return [*texts, *(text for text in keyed if "&" in text.replace("&&", ""))]


def test_the_check_can_fail(qt: object) -> None:
    window = QWidget()
    plain = QLabel("<b>x</b>", window)
    assert marked_up(window) == ["<b>x</b>"]
    plain.setTextFormat(Qt.TextFormat.PlainText)
    assert marked_up(window) == []
