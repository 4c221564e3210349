"""The activity log: what happened to which credential, when and why; for 90 days, never a value.

It is a record for people, not state: it may be lost, and a failure to write it stops nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from amika_agent.clock import Clock
from amika_agent.stores.private_file import make_private_dir, refuse_other
from amika_local.errors import AmikaError
from amika_shared.redaction import safe_line

_T = TypeVar("_T")

KEPT_FOR = 90 * 86400.0
_DAY = 86400.0
TRIES = 5
_LIMIT = 300  # characters of a text
_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id      INTEGER PRIMARY KEY,
    at      REAL NOT NULL,
    what    TEXT NOT NULL,
    subject TEXT NOT NULL,
    why     TEXT NOT NULL,
    caller  TEXT NOT NULL,
    account TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS event_at ON event (at);
CREATE TABLE IF NOT EXISTS known (
    topic TEXT NOT NULL,
    key   TEXT NOT NULL,
    print TEXT NOT NULL,
    PRIMARY KEY (topic, key)
);
"""


class Line(NamedTuple):
    """What is to be written, without its time; see `Event`."""

    what: str
    subject: str
    why: str
    caller: str
    account: str = ""


# what was known of a topic -> what is known now, and the lines that tell the difference; called once or twice
Change = Callable[[Mapping[str, str]], tuple[Mapping[str, str], list[Line]]]


@dataclass(frozen=True)
class Event:
    """One line of the log.

    at       epoch seconds
    what     stable word: "signed_in", "signed_out", "renewed", "found", "changed", "gone", "cached", "uncached",
             "created", "replaced", "updated", "adopted", "deleted", "blocked", "failed", "paused", "resumed",
             "rule_added", "rule_changed", "rule_forgotten", "resolved", "configured", "stored", "revealed" …
    subject  the credential, rule or account it happened to: "claude-oauth", "Claude OAuth (user)"
    why      a sentence for the person
    caller   who asked: "agent", "amika secret claude push", "amika-tray"
    account  e-mail or key of the account concerned, or ""
    """

    at: float
    what: str
    subject: str
    why: str
    caller: str
    account: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the event as a JSON object; `at` in epoch seconds."""
        return {
            "at": self.at,
            "what": self.what,
            "subject": self.subject,
            "why": self.why,
            "caller": self.caller,
            "account": self.account,
        }


class ActivityLog:
    """One connection to activity.db; usable from several threads and beside other processes.

    A file that cannot be read as a database is kept aside as `*.corrupt-<time>` and a new one is begun.

    trouble  why the last write was lost, or ""
    """

    def __init__(self, path: str, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._pruned_at = 0.0
        self.trouble = ""

    def record(self, what: str, subject: str, why: str, *, caller: str, account: str = "") -> None:
        """Add one event. Never raises: what cannot be written is lost, and `trouble` says why."""
        self.record_all([Line(what, subject, why, caller, account)])

    def record_all(self, lines: Iterable[Line]) -> None:
        """Add events, all of them or none, in the time of one. Never raises; see `record`."""
        rows = self._rows(lines)
        if rows:
            self._with(lambda db: self._insert(db, rows))

    def events(self, *, since: float = 0.0, limit: int = 1000) -> list[Event]:
        """Return the newest `limit` events since `since` (epoch seconds), oldest first; none when it fails."""
        query = "SELECT at, what, subject, why, caller, account FROM event WHERE at >= ? ORDER BY id DESC LIMIT ?"
        rows = self._with(lambda db: db.execute(query, (since, limit)).fetchall())
        return [Event(*row) for row in reversed(rows or [])]

    def exchange(self, topic: str, change: Change) -> list[Line]:
        """Remember what is known of a topic now, and tell the difference to what was known, both or neither.

        Whoever comes first, agent or command line, tells it; everybody after sees no difference. What is remembered
        holds no value: texts that may be read, or keyed fingerprints. Returns what was told; nothing when it fails.
        """

        def swap(db: sqlite3.Connection) -> list[Line]:
            before = _known(db, topic)
            if before == change(before)[0]:
                return []
            db.execute("BEGIN IMMEDIATE")
            before = _known(db, topic)
            after, lines = change(before)
            if before == after:  # another process has told it meanwhile
                return []
            db.executemany(
                "DELETE FROM known WHERE topic = ? AND key = ?", [(topic, key) for key in before if key not in after]
            )
            new = [(topic, key, text) for key, text in after.items() if before.get(key) != text]
            db.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", new)
            self._insert(db, self._rows(lines))
            return lines

        return self._with(swap) or []

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            self._drop()

    def _with(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        with self._lock:
            for left in reversed(range(TRIES)):
                try:
                    with self._opened() as db:
                        result = work(db)
                except (sqlite3.Error, AmikaError, OSError) as error:
                    self._drop()
                    self.trouble = f"the activity log could not be used: {_reason(error)}"
                    if left and isinstance(error, sqlite3.OperationalError):
                        # SQLite does not always wait by itself, as when another process sets up the same new file
                        self._clock.sleep(0.05)
                        continue
                    return None
                self.trouble = ""
                return result
            return None

    def _rows(self, lines: Iterable[Line]) -> list[tuple[float | str, ...]]:
        now = self._clock.now()
        return [(now, *(safe_line(text)[:_LIMIT] for text in line)) for line in lines]

    def _insert(self, db: sqlite3.Connection, rows: list[tuple[float | str, ...]]) -> None:
        db.executemany("INSERT INTO event (at, what, subject, why, caller, account) VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._prune(db)

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            make_private_dir(os.path.dirname(self._path))
            self._db = _connect(self._path, self._clock)
        return self._db

    def _drop(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _prune(self, db: sqlite3.Connection) -> None:
        now = self._clock.now()
        if abs(now - self._pruned_at) >= _DAY:
            db.execute("DELETE FROM event WHERE at < ?", (now - KEPT_FOR,))
            self._pruned_at = now


def _reason(error: Exception) -> str:
    if isinstance(error, AmikaError):
        return f"{error.message}. {error.remedy}".strip()
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


def _known(db: sqlite3.Connection, topic: str) -> dict[str, str]:
    return dict(db.execute("SELECT key, print FROM known WHERE topic = ?", (topic,)).fetchall())


def _connect(path: str, clock: Clock) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        os.replace(path, f"{path}.corrupt-{int(clock.now())}")
        return _open(path)


def _open(path: str) -> sqlite3.Connection:
    refuse_other(path)
    # created here, so that it is 0600 from its first moment (SQLite's own files follow its mode)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    db = sqlite3.connect(path, timeout=2, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.executescript(_SCHEMA)
    except sqlite3.Error:
        db.close()
        raise
    return db
