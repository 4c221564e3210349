from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from tests.fakes.turned_clock import TurnedClock

from amika_agent.activity.log import KEPT_FOR, ActivityLog, Line


@pytest.fixture
def log(tmp_path: Path, clock: TurnedClock) -> object:
    log = ActivityLog(str(tmp_path / "state" / "activity.db"), clock)
    yield log
    log.close()


def test_events_come_back_oldest_first_and_the_newest_are_kept_within_the_limit(
    log: ActivityLog, clock: TurnedClock
) -> None:
    for number in range(5):
        log.record("pushed", f"rule {number}", "the file changed", caller="agent", account="a@example.com")
        clock.turn(1)
    assert [event.subject for event in log.events(limit=2)] == ["rule 3", "rule 4"]
    assert [event.subject for event in log.events(since=clock.now() - 1.5)] == ["rule 4"]
    assert log.trouble == ""


def test_the_file_is_private(log: ActivityLog, tmp_path: Path) -> None:
    log.record("found", "codex", "new file", caller="agent")
    for name in os.listdir(tmp_path / "state"):
        assert stat.S_IMODE(os.stat(tmp_path / "state" / name).st_mode) == 0o600, name


def test_what_is_older_than_ninety_days_goes(log: ActivityLog, clock: TurnedClock) -> None:
    log.record("found", "old", "x", caller="agent")
    clock.turn(KEPT_FOR + 1)
    log.record("found", "new", "x", caller="agent")
    assert [event.subject for event in log.events()] == ["new"]


def test_values_and_control_characters_never_enter(log: ActivityLog, tmp_path: Path) -> None:
    log.record("failed", "sk-ant-oat01-abcdefghijklmnop", "Bearer abcdefghijklmnop\x1b[31m\u202e", caller="agent")
    (event,) = log.events()
    assert "abcdefghijklmnop" not in event.subject + event.why
    assert "\x1b" not in event.why
    assert "\u202e" not in event.why


def test_a_damaged_file_is_kept_aside_and_a_new_log_begins(tmp_path: Path, clock: TurnedClock) -> None:
    path = tmp_path / "activity.db"
    path.write_bytes(b"not a database, but longer than a header of SQLite " * 40)
    log = ActivityLog(str(path), clock)
    log.record("found", "codex", "x", caller="agent")
    assert [event.subject for event in log.events()] == ["codex"]
    assert [p.name for p in tmp_path.glob("*.corrupt-*")] == [f"activity.db.corrupt-{int(clock.now())}"]
    log.close()


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, clock: TurnedClock) -> None:
    (tmp_path / "file").write_text("in the way")
    log = ActivityLog(str(tmp_path / "file" / "activity.db"), clock)
    log.record("found", "codex", "x", caller="agent")
    assert log.trouble
    assert log.events() == []
    log.close()


def test_two_processes_worth_of_connections_write_side_by_side(tmp_path: Path, clock: TurnedClock) -> None:
    path = str(tmp_path / "activity.db")
    one, two = ActivityLog(path, clock), ActivityLog(path, clock)
    for number in range(20):
        (one if number % 2 else two).record("found", str(number), "x", caller="agent")
    assert sorted(int(event.subject) for event in one.events()) == list(range(20))
    one.close()
    two.close()


def refuse(path: Path, subject: str) -> sqlite3.Connection:
    """Have the database refuse the event of one subject, as a full disk would in the middle of many."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(
        f"CREATE TRIGGER refused BEFORE INSERT ON event WHEN NEW.subject = '{subject}'"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    return db


def test_many_events_are_written_all_or_none(log: ActivityLog, tmp_path: Path) -> None:
    log.record("found", "before", "x", caller="agent")
    db = refuse(tmp_path / "state" / "activity.db", "third")
    lines = [Line("found", subject, "x", "agent") for subject in ("first", "second", "third", "fourth")]
    log.record_all(lines)
    assert "could not be used" in log.trouble
    assert [event.subject for event in log.events()] == ["before"]
    db.execute("DROP TRIGGER refused")
    db.close()
    log.record_all(lines)
    assert [event.subject for event in log.events()] == ["before", "first", "second", "third", "fourth"]
    assert log.trouble == ""


def test_what_is_known_and_the_lines_that_tell_it_are_written_both_or_neither(log: ActivityLog, tmp_path: Path) -> None:
    def change(before):
        return {"a": "1", "b": "2"}, [Line("found", key, "x", "agent") for key in ("a", "b") if key not in before]

    log.record("found", "before", "x", caller="agent")
    db = refuse(tmp_path / "state" / "activity.db", "b")
    assert log.exchange("topic", change) == []
    db.execute("DROP TRIGGER refused")
    db.close()
    assert [line.subject for line in log.exchange("topic", change)] == ["a", "b"]
    assert log.exchange("topic", change) == []
    assert [event.subject for event in log.events()] == ["before", "a", "b"]


def test_of_two_that_see_a_change_at_the_same_time_one_tells_it(
    log: ActivityLog, tmp_path: Path, clock: TurnedClock
) -> None:
    other = ActivityLog(str(tmp_path / "state" / "activity.db"), clock)
    log.record("found", "before", "x", caller="agent")

    def change(before):
        return {"a": "1"}, [Line("found", "a", "x", "agent")]

    def overtaken(before):
        other.exchange("topic", change)
        return change(before)

    assert log.exchange("topic", overtaken) == []
    assert [event.subject for event in log.events()] == ["before", "a"]
    other.close()
