"""The activity log: what happened to which credential, when and why; for 90 days, never a value.

It is a record for people, not state: it may be lost, and a failure to write it stops nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from amika_agent.clock import Clock
from amika_agent.stores.private_file import make_private_dir
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
        row = (self._clock.now(), *(safe_line(text)[:_LIMIT] for text in (what, subject, why, caller, account)))

        def insert(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO event (at, what, subject, why, caller, account) VALUES (?, ?, ?, ?, ?, ?)", row)
            self._prune(db)

        self._with(insert)

    def events(self, *, since: float = 0.0, limit: int = 1000) -> list[Event]:
        """Return the newest `limit` events since `since` (epoch seconds), oldest first; none when it fails."""
        query = "SELECT at, what, subject, why, caller, account FROM event WHERE at >= ? ORDER BY id DESC LIMIT ?"
        rows = self._with(lambda db: db.execute(query, (since, limit)).fetchall())
        return [Event(*row) for row in reversed(rows or [])]

    def exchange(self, topic: str, now: Mapping[str, str]) -> dict[str, str] | None:
        """Remember `now` as what is known of a topic, and return what was known before; None when that fails.

        Whoever comes first, agent or command line, is told the difference; everybody after sees none.
        `now` holds no value: texts that may be read, or keyed fingerprints.
        """

        def swap(db: sqlite3.Connection) -> dict[str, str]:
            rows = "SELECT key, print FROM known WHERE topic = ?"
            before = dict(db.execute(rows, (topic,)).fetchall())
            if before == now:
                return before
            db.execute("BEGIN IMMEDIATE")
            before = dict(db.execute(rows, (topic,)).fetchall())
            db.execute("DELETE FROM known WHERE topic = ?", (topic,))
            db.executemany("INSERT INTO known VALUES (?, ?, ?)", [(topic, key, text) for key, text in now.items()])
            return before

        return self._with(swap)

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
                    self.trouble = f"the activity log could not be used ({type(error).__name__})"
                    if left and isinstance(error, sqlite3.OperationalError):
                        # SQLite does not always wait by itself, as when another process sets up the same new file
                        self._clock.sleep(0.05)
                        continue
                    return None
                self.trouble = ""
                return result
            return None

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


def _connect(path: str, clock: Clock) -> sqlite3.Connection:
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        os.replace(path, f"{path}.corrupt-{int(clock.now())}")
        return _open(path)


def _open(path: str) -> sqlite3.Connection:
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
