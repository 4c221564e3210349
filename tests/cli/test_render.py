from __future__ import annotations

import contextlib
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_cli import render
from amika_cli.flags import Args

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (30, "in 30 s"),
        (89, "in 89 s"),
        (90, "in 1 min"),
        (3600, "in 60 min"),
        (3 * 3600 + 5, "in 3 h"),
        (47 * 3600, "in 47 h"),
        (3 * 86400, "in 3 d"),
        (700 * 86400, "in 700 d"),
        (800 * 86400, "in 2 y"),
        (-300, "expired 5 min ago"),
        (0, "expired 0 s ago"),
    ],
)
def test_until(distance, text):
    assert render.until(NOW + distance, NOW) == text


def test_columns_that_do_not_fit_are_written_whole_below_their_row():
    heads, rows = ("NAME", "STATE", "WHY"), [("a", "used", ""), ("b", "skipped", "because it " + "is so " * 5)]
    assert render.table(heads, rows, width=80, below=(2,))[0] == "NAME  STATE    WHY"
    assert render.table(heads, rows, width=30, below=(2,)) == [
        "NAME  STATE",
        "a     used",
        "b     skipped",
        "    because it is so is so is",
        "    so is so is so",
    ]


def test_where_it_is_narrow_columns_go_below_before_they_say_nothing():
    rows = [("groq", "api_key", "in 7 h", "in sync: GROQ_API_KEY", "~/.local/share/opencode/auth.json")]
    heads = ("CREDENTIAL", "KIND", "EXPIRES", "REMOTE", "FILE")
    assert render.table(heads, rows, width=40, keep=(0, 1, 2)) == [
        "CREDENTIAL  KIND     EXPIRES",
        "groq        api_key  in 7 h",
        "    in sync: GROQ_API_KEY ·",
        "    ~/.local/share/opencode/auth.json",
    ]
    wider = render.table(heads, rows, width=66, keep=(0, 1, 2))
    assert wider[1] == "groq        api_key  in 7 h   in sync:…_API_KEY  ~/.local…uth.json"
    assert len(wider) == 2


def test_what_must_stay_stays_on_its_line_however_narrow_it_is():
    lines = render.table(("ID", "NAME", "SCOPE"), [("i" * 30, "n" * 30, "user")], width=40, keep=(0, 1))
    assert lines == ["ID" + " " * 30 + "NAME", "i" * 30 + "  " + "n" * 30, "    user"]


def test_one_long_name_does_not_push_the_others_apart():
    rows = [("A", "user", "1 s ago"), ("LONG_" * 20, "org", "2 s ago"), ("B" * 12, "user", "")]
    assert render.table(("NAME", "SCOPE", "UPDATED"), rows, width=40, keep=(0, 1)) == [
        "NAME          SCOPE  UPDATED",
        "A             user   1 s ago",
        "LONG_" * 20,
        "              org    2 s ago",
        "B" * 12 + "  user",
    ]


def test_no_moment_is_no_text():
    assert render.until(None, NOW) == ""
    assert render.ago(None, NOW) == ""


def test_ago():
    assert render.ago(NOW - 120, NOW) == "2 min ago"
    assert render.ago(NOW + 120, NOW) == "in 2 min"


def test_json_times_are_rfc3339():
    value = {"expires_at": NOW, "at": NOW, "entries": 3, "ok": True, "rows": [{"pushed_at": None, "since": NOW}]}
    assert json.loads(render.encoded(value, "json")) == {
        "expires_at": "2027-01-15T08:00:00Z",
        "at": "2027-01-15T08:00:00Z",
        "entries": 3,
        "ok": True,
        "rows": [{"pushed_at": None, "since": "2027-01-15T08:00:00Z"}],
    }
    assert "\n" not in render.encoded(value, "json")
    assert "\n" in render.encoded(value, "json-pretty")


@pytest.mark.parametrize("moment", [float("inf"), float("nan"), 1e30, -1e30])
def test_a_time_that_no_calendar_has_is_null(moment):
    assert json.loads(render.encoded({"expires_at": moment}, "json")) == {"expires_at": None}


def test_clean_strips_what_steers_a_terminal():
    assert render.clean("a\x1b[31mb\x07\x9bc\u202ed\u2066e\ufefff") == "a[31mbcdef"
    assert "\n" not in render.clean("f\ng")
    assert render.clean("naïve — 漢字") == "naïve — 漢字"


def test_table_without_a_terminal_is_not_cut():
    lines = render.table(("NAME", "PATH"), [("a", "x" * 300)])
    assert lines == ["NAME  PATH", "a     " + "x" * 300]


def test_table_fits_the_terminal_and_keeps_what_must_stay():
    rows = [("GROQ_API_KEY", "in 3 h", "/home/someone/.local/share/opencode/auth.json")]
    lines = render.table(("NAME", "EXPIRES", "PATH"), rows, width=44, keep=(0, 1))
    assert all(render.columns(line) <= 44 for line in lines)
    assert lines[1].startswith("GROQ_API_KEY  in 3 h   ")
    assert lines[1].endswith("auth.json")
    assert "…" in lines[1]


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), max_size=5),
    st.integers(min_value=40, max_value=100),
)
def test_any_cells_stay_on_their_line_and_in_their_width(rows, width):
    lines = render.table(("ONE", "TWO"), rows, width=width)
    assert len(lines) == len(rows) + 1
    for line in lines:
        assert render.columns(line) <= width
        assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line)


def test_no_sentence_of_a_result_steers_a_terminal(capsys):
    hidden = "/work/\x1b[2Aevil\u202e\x9b31m"
    render.emit(Args([], {}, []), {}, [f"{hidden} is trusted", "one\n\ttwo\x07", "Zoë"])
    assert capsys.readouterr().out == "/work/[2Aevil31m is trusted\none\n two\nZoë\n"
    path = "/home/می‌خواهم\t"  # a script names the folder as it is called
    render.emit(Args([], {}, []), {"script": path}, [path])
    assert capsys.readouterr().out == f"{path}\n"


def test_show_replaces_what_the_terminal_cannot_encode():
    raw = io.BytesIO()
    terminal = io.TextIOWrapper(raw, encoding="ascii")
    with contextlib.redirect_stdout(terminal):
        render.show(["key…value"])
    assert raw.getvalue() == b"key?value\n"


def test_home_short():
    assert render.home_short("/home/a/x", "/home/a") == "~/x"
    assert render.home_short("/home/ab/x", "/home/a") == "/home/ab/x"
    assert render.home_short("/home/a", "/home/a") == "~"
