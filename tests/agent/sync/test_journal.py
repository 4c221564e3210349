"""sync.db: nothing committed is lost, nothing of one account is seen by another, a damaged file is kept aside."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.agent.sync.world import claude
from tests.fakes.turned_clock import TurnedClock

from amika_agent.sync import rules
from amika_agent.sync.database import on_network
from amika_agent.sync.journal import LATE, MIGRATIONS, SyncDb
from amika_agent.sync.records import Hold, Pending, Pushed, Sent
from amika_agent.sync.replace import Result, State, Txn
from amika_local.errors import Failed, NotFound

ADA, EVE = "https://a\nada\norg", "https://a\neve\norg"
PUSHED = Pushed("r", "claude", "oauth", "user", "N", "id-1", "f" * 64, "ada@example.com", 5.0, 6.0)
TXN = Txn("abc123", State.DELETE_OLD, "old", "N (amika 01234567-abc123)", "b", None, 1, 1, (("old", 2),))
OPEN = Pending("r", "claude", "oauth", "user", "N", TXN, 1.0, Sent("f1"), Sent("f2", "ada", 3.0), doubtful=True)


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "data" / "sync.db")


@pytest.fixture
def open_db(path, clock):
    opened = []

    def make() -> SyncDb:
        opened.append(SyncDb(path, clock))
        return opened[-1]

    yield make
    for db in opened:
        db.close()


def test_everything_comes_back_after_a_restart(open_db, clock):
    db = open_db()
    rule = replace(rules.rule_for(claude("one")), paused_until=float("inf"))
    hold = Hold(rule.id, "contested", "m", "r", "", 1.0)
    db.put_rule(ADA, rule)
    db.put_pushed(ADA, PUSHED)
    db.commit(ADA, OPEN)
    db.put_hold(ADA, hold)
    due = clock.now() + 9.0
    db.put_sweep(ADA, "claude", due)
    db.close()
    again = open_db()
    assert again.rules(ADA) == [rule]
    assert again.pushed(ADA) == {"r": PUSHED}
    assert again.pending(ADA) == [OPEN]
    assert again.holds(ADA) == {rule.id: hold}
    assert again.sweeps(ADA) == {"claude": due}
    assert again.machine_id == db.machine_id
    assert again.fingerprint("x") == db.fingerprint("x")


def test_what_two_processes_ask_to_look_for_again_both_is(open_db, clock):
    """One pushes for the user, another for the organization: the look at late requests is that of both."""
    db, other = open_db(), open_db()
    mine = clock.now() + 60
    db.put_sweep(ADA, "generic", mine)
    theirs = clock.now() + 90
    other.put_sweep(ADA, "generic", theirs)
    db.end_sweep(ADA, "generic", mine)
    assert db.sweeps(ADA) == {"generic": theirs}
    clock.turn(61)
    db.swept(ADA, "generic")
    assert db.sweeps(ADA) == {"generic": theirs}
    other.end_sweep(ADA, "generic", theirs, clock.now() + 5)
    assert db.sweeps(ADA) == {"generic": clock.now() + 5}
    clock.turn(6)
    db.swept(ADA, "generic")
    assert db.sweeps(ADA) == {}


def test_a_clock_that_was_set_back_makes_no_request_late_for_a_day(open_db, clock):
    db = open_db()
    db.put_sweep(ADA, "generic", clock.now() + LATE)
    assert db.sweeps(ADA) == {"generic": clock.now() + LATE}
    clock.set_wall(-86400.0)
    assert db.sweeps(ADA) == {"generic": clock.now()}
    db.swept(ADA, "generic")
    assert db.sweeps(ADA) == {}


def test_accounts_do_not_see_each_other(open_db):
    db = open_db()
    db.put_rule(ADA, rules.rule_for(claude("one")))
    db.put_pushed(ADA, PUSHED)
    db.commit(ADA, OPEN)
    assert (db.rules(EVE), db.pushed(EVE), db.pending(EVE), db.holds(EVE), db.sweeps(EVE)) == ([], {}, [], {}, {})
    assert db.rules_elsewhere(EVE) == [(ADA, rule) for rule in db.rules(ADA)]
    assert db.accounts() == [ADA]
    with pytest.raises(NotFound):
        db.rule(EVE, "claude-oauth")


def test_the_end_of_a_replacement_and_its_ledger_entry_are_one_commit(open_db):
    db = open_db()
    db.commit(ADA, OPEN)
    done = replace(OPEN, txn=replace(TXN, state=State.DONE, final_id="id-1", result=Result.REPLACED))
    db.commit(ADA, done, PUSHED)
    assert db.pending(ADA) == []
    assert db.pushed(ADA) == {"r": PUSHED}


def test_files_are_private_and_hold_no_value(open_db, path):
    db = open_db()
    db.put_mirrored([("OPENAI_API_KEY", "sk-fake-secret")])
    db.fingerprint("sk-fake-secret")
    folder = Path(path).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file.name
        assert b"sk-fake-secret" not in file.read_bytes()
    assert db.is_mirrored("OPENAI_API_KEY", "sk-fake-secret")
    assert not db.is_mirrored("OTHER", "sk-fake-secret")


def test_durability_is_asked_for(open_db):
    connection = open_db()._db._connection
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_file_is_kept_aside(open_db, path, damage, clock):
    db = open_db()
    db.put_rule(ADA, rules.rule_for(claude("one")))
    machine = db.machine_id
    db.close()
    for suffix in ("-wal", "-shm"):
        Path(path + suffix).unlink(missing_ok=True)
    Path(path).write_bytes(damage)
    again = open_db()
    assert again.rebuilt_from == f"{path}.corrupt-{int(clock.now())}"
    assert Path(again.rebuilt_from).read_bytes() == damage
    assert again.rules(ADA) == []
    assert again.machine_id == machine, "a lost database still knows its own temporary records"


def damage_a_page(path, page):
    data = bytearray(Path(path).read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    Path(path).write_bytes(data)


def test_of_a_damaged_file_what_is_readable_is_taken_over(open_db, path):
    db = open_db()
    rule = rules.rule_for(claude("one"))
    db.put_rule(ADA, rule)
    db.put_pushed(ADA, PUSHED)
    db.commit(ADA, OPEN)
    (root,) = db._db.read("SELECT rootpage FROM sqlite_schema WHERE name='absent'")
    db._db._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    damage_a_page(path, root[0])
    again = open_db()
    assert again.rebuilt_from is not None
    assert again.rules(ADA) == [rule]
    assert again.pushed(ADA) == {"r": PUSHED}
    assert again.pending(ADA) == [OPEN]


def test_rows_that_make_no_sense_are_not_taken_over(open_db, path):
    db = open_db()
    db.put_rule(ADA, rules.rule_for(claude("one")))
    db.put_pushed(ADA, PUSHED)
    with db._db.write() as connection:
        connection.execute("UPDATE rules SET body='{'")
    (root,) = db._db.read("SELECT rootpage FROM sqlite_schema WHERE name='absent'")
    db._db._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    damage_a_page(path, root[0])
    again = open_db()
    assert again.rules(ADA) == []
    assert again.pushed(ADA) == {"r": PUSHED}


def test_a_lost_machine_file_is_written_again_from_the_database(open_db, path):
    db = open_db()
    file = Path(path).parent / "machine-id"
    assert file.read_text().strip() == db.machine_id
    db.close()
    file.unlink()
    assert open_db().machine_id == db.machine_id
    assert file.read_text().strip() == db.machine_id


def test_a_damaged_key_is_kept_aside_and_replaced(open_db, path):
    db = open_db()
    before = db.fingerprint("x")
    db.close()
    Path(path + ".key").write_bytes(b"short")
    assert open_db().fingerprint("x") != before
    assert [p.name for p in Path(path).parent.glob("sync.db.key.corrupt-*")]


def set_version(path, version, least_reader=None):
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={version}")
        if least_reader is not None:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('least_reader', ?)", (str(least_reader),))
    connection.close()


def test_a_newer_file_is_refused_unless_it_says_that_we_understand_it(open_db, path):
    open_db().close()
    set_version(path, len(MIGRATIONS) + 1, least_reader=len(MIGRATIONS) + 1)
    with pytest.raises(Failed) as caught:
        open_db()
    assert "newer" in str(caught.value)
    assert caught.value.remedy
    set_version(path, len(MIGRATIONS) + 1, least_reader=len(MIGRATIONS))
    assert open_db().rules(ADA) == []


def test_fields_of_a_newer_program_are_ignored(open_db, path):
    db = open_db()
    db.put_rule(ADA, rules.rule_for(claude("one")))
    db.commit(ADA, OPEN)
    with db._db.write() as connection:
        connection.execute("""UPDATE rules SET body=json_set(body, '$.colour', 'blue')""")
        connection.execute("""UPDATE pending SET body=json_set(body, '$.colour', 'blue', '$.txn.colour', 'blue')""")
    assert db.rules(ADA) == [rules.rule_for(claude("one"))]
    assert db.pending(ADA) == [OPEN]


def test_a_folder_that_cannot_be_written_is_said(tmp_path, clock):
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(Failed) as caught:
        SyncDb(str(tmp_path / "data" / "sync.db"), clock)
    assert caught.value.remedy


def test_a_symlink_is_refused(path, clock, tmp_path):
    Path(path).parent.mkdir()
    Path(path).symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(Failed):
        SyncDb(path, clock)
    assert not (tmp_path / "elsewhere.db").exists()


def test_many_threads_and_connections(open_db):
    first, second = open_db(), open_db()

    def work(db, start):
        for n in range(start, start + 25):
            db.put_meta(f"key-{n}", "v")

    threads = [
        threading.Thread(target=work, args=(db, at * 25)) for at, db in enumerate((first, second, first, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(first.meta(f"key-{n}") == "v" for n in range(100))


def test_an_error_inside_a_transaction_leaves_nothing(open_db):
    db = open_db()

    def fails():
        with db._db.write() as connection:
            connection.execute("INSERT INTO meta VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert db.meta("a") is None
    db.put_meta("a", "c")
    assert db.meta("a") == "c"


@pytest.mark.process
def test_what_was_committed_survives_kill_9(path):
    script = (
        "import sys, os\n"
        "from amika_agent.clock import SystemClock\n"
        "from amika_agent.sync.journal import SyncDb\n"
        "db = SyncDb(sys.argv[1], SystemClock())\n"
        "for n in range(100000):\n"
        "    db.put_meta('n', str(n))\n"
        "    print(n, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True)
    lines = [child.stdout.readline() for _ in range(50)]
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read().split()
    child.stdout.close()
    child.wait()
    last = max(int(n) for n in [*lines, *rest])
    db = SyncDb(path, TurnedClock())
    assert int(db.meta("n")) >= last
    assert db.rebuilt_from is None
    db.close()


def test_since_when_something_is_absent(open_db):
    db = open_db()
    assert db.absent_since("k", 100.0, absent=True) == 100.0
    assert db.absent_since("k", 103.0, absent=True) == 100.0
    assert db.absent_since("k", 50.0, absent=True) == 50.0, "a clock that went back starts the wait again"
    assert db.absent_since("k", 60.0, absent=False) is None
    assert db.absent_since("k", 70.0, absent=True) == 70.0


@pytest.mark.parametrize(
    ("kind", "expected"), [("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("tmpfs", False)]
)
def test_network_file_systems_are_known(tmp_path, kind, expected):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {tmp_path} rw,nosuid shared:1 - {kind} host:/x rw\n")
    assert on_network(str(tmp_path / "sync.db"), str(mounts)) is expected


def test_broken_mount_tables_mean_no(tmp_path):
    assert on_network(str(tmp_path / "x"), str(tmp_path / "missing")) is False
    (tmp_path / "odd").write_text("one line\n")
    assert on_network(str(tmp_path / "x"), str(tmp_path / "odd")) is False


def test_nothing_is_written_into_a_file_that_nobody_will_read(open_db, path):
    db = open_db()
    db.put_meta("a", "1")
    os.rename(os.path.dirname(path), os.path.dirname(path) + "-away")
    assert db.is_elsewhere()
    with pytest.raises(Failed, match="removed or replaced"):
        db.put_meta("a", "2")
    again = open_db()
    assert not again.is_elsewhere()
    again.put_meta("a", "3")
    assert db.is_elsewhere(), "another file has its place"
    assert again.meta("a") == "3"
