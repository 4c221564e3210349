"""The tray's part of `make bench`: it is listed, and its rows read in a terminal, with figures and without."""

from __future__ import annotations

from tests.benchmarks.__main__ import PARTS
from tests.benchmarks.table import render
from tests.benchmarks.tray import PROGRAMS, measure, rows


def test_the_part_is_listed() -> None:
    assert "tray" in PARTS


def test_rows_show_start_menu_and_memory() -> None:
    lines = render(rows([300.0, 310.0, 450.0], [1.5, 2.5, 9.0], 61.26)).splitlines()[2:]
    assert [" ".join(line.split()) for line in lines] == [
        "tray, start of the process to its icon 3 310 450 450 ms",
        "tray, menu opened 3 2.5 9 9 ms",
        "tray on a desktop, resident memory 1 61.3 MB at most 65 in the bundle",
    ]


def test_without_a_virtual_desktop_every_row_says_why() -> None:
    found = {program: f"/usr/bin/{program}" for program in PROGRAMS if program not in ("Xvfb", "dbus-daemon")}
    lines = render(measure(3, found.get)).splitlines()[2:]
    assert [line.partition("not measured: ")[2] for line in lines] == [
        "there is no Xvfb, dbus-daemon (make desktop)"
    ] * 3
