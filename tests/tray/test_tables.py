"""The tables of the window: sorted, fitted, scrolled, and long; whoever reads one stays in place."""

from __future__ import annotations

import time
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from tests.tray.desk import Desk, cells
from tests.tray.pages_seen import told
from tests.tray.sample import credential, events, machine
from tests.tray.waiting import until

from amika_tray.menu.details_window import DetailsWindow
from amika_tray.rows import Row
from amika_tray.window.item_look import column_widths
from amika_tray.window.table_page import Table


def test_expiry_sorts_by_time_and_not_by_its_words(desk: Desk) -> None:
    table = desk.turn("credentials").table
    table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    assert [row[3] for row in cells(table)] == ["2 h ago (expired)", "in 19 min", "in 3 h", "in 8 days", "", "", ""]


def test_the_chosen_row_stays_chosen_while_the_agent_talks(desk: Desk) -> None:
    table = desk.turn("credentials").table
    table.choose("opencode/groq")
    assert table.chosen() == "opencode/groq"
    more = [*machine(time.time())["credentials"], credential("xai", "xai", "api_key", None, "in_sync", "XAI_API_KEY")]
    desk.agent.publish(credentials=list(reversed(more)))
    until(lambda: len(cells(table)) == 8)
    assert table.chosen() == "opencode/groq"


def test_whoever_reads_further_down_stays_there_when_something_happens(desk: Desk) -> None:
    now = time.time()
    desk.agent.events = events(now) * 60
    table = desk.turn("activity").table
    until(lambda: len(cells(table)) == 60 * len(events(now)) and table.verticalScrollBar().maximum() > 3000)
    table.verticalScrollBar().setValue(2500)
    desk.agent.events = [*desk.agent.events, {**events(now)[0], "at": now, "subject": "new"}]
    desk.agent.publish(state="in_sync")
    until(lambda: cells(table)[0][2] == "new")
    assert table.verticalScrollBar().value() == 2500
    assert table.chosen()


def test_the_chosen_event_stays_chosen_when_another_comes(desk: Desk) -> None:
    now = time.time()
    desk.agent.events = [*events(now), {**events(now)[-1], "what": "twin"}]
    table = desk.turn("activity").table
    until(lambda: len(cells(table)) == len(events(now)) + 1)
    table.selectRow(3)
    chosen = cells(table)[3]
    desk.agent.events = [*desk.agent.events, {**events(now)[0], "at": now, "subject": "new"}]
    desk.agent.publish(state="in_sync")
    until(lambda: cells(table)[0][2] == "new")
    assert cells(table)[table.currentIndex().row()] == chosen


@pytest.mark.parametrize("page", ["activity", "vault", "connections"])
def test_enter_shows_a_row_in_full_and_escape_leaves_it(desk: Desk, page: str) -> None:
    shown = desk.turn(page)
    until(lambda: cells(shown.table))
    texts = cells(shown.table)[0]
    shown.table.setFocus()
    shown.table.selectRow(0)
    QTest.keyClick(shown.table, Qt.Key.Key_Return)
    until(lambda: shown.findChildren(DetailsWindow))
    (window,) = shown.findChildren(DetailsWindow)
    assert window.windowTitle() == page.capitalize()
    assert [text for text in texts if text not in told(window)] == []
    desk.agent.publish(state="offline")
    until(lambda: desk.app._link.snapshot["state"] == "offline")
    assert window.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    until(lambda: not shown.findChildren(DetailsWindow))


def test_a_thousand_credentials_with_bad_names_and_odd_times(desk: Desk) -> None:
    table = desk.turn("credentials").table
    many = [
        credential(f"<i>{n}", f"\u202e\x07{n}" + "p" * 500, "oauth", 1e300 if n % 2 else -1e300, "in_sync", "N" * 99)
        for n in range(1000)
    ]
    for n, line in enumerate(many):
        line["id"] = f"{n}"
    desk.agent.publish(credentials=many)
    until(lambda: table.model().rowCount() == 1000)
    row = cells(table)[1]
    assert row[0].startswith("1p")  # neither the control character nor what turns the text around
    assert row[3] == "in more than 100 years"
    assert cells(table)[0][3] == "more than 100 years ago (expired)"
    assert max(table.columnWidth(column) for column in range(5)) <= 300


def test_scrolling_a_thousand_rows_looks_only_at_those_on_the_screen(qt: QApplication) -> None:
    looked_at: set[int] = set()

    class Cells(tuple[str, ...]):
        __slots__ = ()

        def __getitem__(self, column: Any) -> Any:
            looked_at.add(int(tuple.__getitem__(self, 0)))
            return tuple.__getitem__(self, column)

    table = Table(["One", "Two"], "Rows")
    table.resize(600, 400)
    table.show_rows([Row(str(n), Cells([str(n), "x" * 50]), (n, "x")) for n in range(1000)])
    table.show()
    table.grab()
    looked_at.clear()
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum() // 2)
    table.grab()
    assert looked_at
    assert len(looked_at) < 60


def test_every_page_says_how_many_the_agent_left_out(desk: Desk) -> None:
    page = desk.turn("credentials")
    assert "not shown here" not in told(page)
    desk.agent.publish(left_out={"credentials": 9_000, "rules": 1, "problems": 2})
    until(lambda: "9000 more are not shown here." in told(page))
    assert "1 more is not shown here." in told(desk.turn("rules"))
    assert "2 more problems…" in told(desk.turn("problems"))
    assert desk.window.list.item(5).text() == "Problems (6)"
    desk.agent.stop()
    until(lambda: "not shown here" not in told(desk.turn("credentials")))


def test_columns_fit_the_window_and_what_a_person_has_made_of_them_stays(desk: Desk) -> None:
    table = desk.turn("credentials").table
    desk.window.resize(1100, 660)
    until(lambda: table.viewport().width() > 800)
    model = table.model()
    wide = [table.sizeHintForColumn(column) for column in range(model.columnCount())]
    assert [table.columnWidth(column) >= width for column, width in enumerate(wide)] == [True] * len(wide)
    table.horizontalHeader().resizeSection(0, 300)
    desk.window.resize(desk.window.width() - 60, desk.window.height())
    until(lambda: table.viewport().width() < 1000)
    assert table.columnWidth(0) == 300


@pytest.mark.parametrize(
    ("wanted", "room", "got"),
    [
        ([100, 200], 400, [100, 200]),
        ([100, 500, 500], 700, [100, 300, 300]),
        ([300, 300, 300], 90, [110, 110, 110]),
        ([50, 900], 500, [50, 450]),
        ([], 10, []),
    ],
)
def test_the_widest_columns_give_way(wanted: list[int], room: int, got: list[int]) -> None:
    assert column_widths(wanted, room) == got
