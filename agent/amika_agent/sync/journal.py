"""sync.db: rules, ledger and the journal of open replacements, keyed by account. Never a value."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from amika_agent.clock import Clock
from amika_agent.sync.database import Database
from amika_agent.sync.keys import fingerprint, load_key, load_machine_id
from amika_agent.sync.records import Hold, Pending, Pushed, Sent
from amika_agent.sync.replace import Result, State, Txn
from amika_agent.sync.rules import ORG, PROVIDERS, Rule
from amika_local.errors import Conflict, NotFound

LEAST_READER = 1
LATE = 120.0  # a request that was given up may still be executed; look again after that many seconds
LOST_FOR = 86400.0
_Record = TypeVar("_Record", Rule, Pushed, Hold, Sent, Txn, Pending)
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in (Rule, Pushed, Hold, Sent, Txn, Pending)}


def _first_version(connection: sqlite3.Connection) -> None:
    for statement in (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
        """CREATE TABLE rules (account TEXT NOT NULL, id TEXT NOT NULL, provider TEXT NOT NULL, scope TEXT NOT NULL,
           name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (account, id),
           UNIQUE (account, provider, scope, name)) STRICT""",
        """CREATE TABLE ledger (account TEXT NOT NULL, rule TEXT NOT NULL, body TEXT NOT NULL,
           PRIMARY KEY (account, rule)) STRICT""",
        """CREATE TABLE pending (account TEXT NOT NULL, provider TEXT NOT NULL, scope TEXT NOT NULL,
           name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (account, provider, scope, name)) STRICT""",
        """CREATE TABLE holds (account TEXT NOT NULL, rule TEXT NOT NULL, body TEXT NOT NULL,
           PRIMARY KEY (account, rule)) STRICT""",
        """CREATE TABLE sweeps (account TEXT NOT NULL, provider TEXT NOT NULL, due_at REAL NOT NULL,
           PRIMARY KEY (account, provider)) STRICT""",
        "CREATE TABLE mirrored (hmac TEXT PRIMARY KEY) STRICT",
        "CREATE TABLE absent (key TEXT PRIMARY KEY, since REAL NOT NULL) STRICT",
    ):
        connection.execute(statement)


MIGRATIONS = (_first_version,)


class SyncDb:
    """One connection to sync.db, usable from several threads. `account` is always AccountKey.text.

    machine_id    8 hex digits: whose temporary records on the server are ours
    rebuilt_from  path of the damaged file that was kept aside at this start, or None

    Args:
        path: the file; its folder is created 0700. Key and machine id lie beside it.
        clock: time source.

    Raises:
        Failed: written by a newer program, or the folder is not writable.

    """

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = path
        self._key = load_key(path + ".key")
        self._db = Database(path, clock, MIGRATIONS, LEAST_READER)
        self.rebuilt_from = self._db.rebuilt_from
        self._clock = clock
        if self.rebuilt_from is not None:
            self._salvage(self.rebuilt_from)
            self.put_meta("rebuilt", str(clock.now()))
        known = self.meta("machine")
        self.machine_id = load_machine_id(os.path.join(os.path.dirname(path), "machine-id"), known)
        if known != self.machine_id:
            self.put_meta("machine", self.machine_id)

    def _salvage(self, damaged: str) -> None:
        """Take over what is readable; the rest follows from the listing: a rule without a ledger pushes again."""
        with self._db.write() as connection:
            for table, row in _salvaged(damaged):
                marks = ",".join("?" * len(row))
                with contextlib.suppress(sqlite3.Error):
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608

    def was_rebuilt(self) -> bool:
        """Tell whether the file was damaged within the last day: what is missing here may have been lost then."""
        at = self.meta("rebuilt")
        return at is not None and abs(self._clock.now() - float(at)) < LOST_FOR

    def is_elsewhere(self) -> bool:
        """Tell whether its file, or the folder, was removed or replaced: then it has to be opened anew, key and all."""
        return self._db.is_elsewhere()

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def fingerprint(self, text: str, purpose: str = "pushed") -> str:
        """Return the keyed HMAC (hex) of what is or was sent."""
        return fingerprint(self._key, purpose, text)

    def lock_path(self, account: str, provider: str, scope: str) -> str:
        """Return the lock file under which this account's secrets of a provider and scope are changed."""
        return f"{self.path}.{self.fingerprint(f'{account}|{provider}|{scope}', 'lock')[:16]}.lock"

    # rules

    def rules(self, account: str) -> list[Rule]:
        """Return the account's rules, oldest first."""
        rows = self._db.read("SELECT body FROM rules WHERE account=? ORDER BY rowid", (account,))
        return [_load(Rule, row[0]) for row in rows]

    def rule(self, account: str, rule_id: str) -> Rule:
        """Return one rule, or raise NotFound."""
        rows = self._db.read("SELECT body FROM rules WHERE account=? AND id=?", (account, rule_id))
        if not rows:
            raise _no_rule()
        return _load(Rule, rows[0][0])

    def put_rule(self, account: str, rule: Rule) -> None:
        """Add or change a rule.

        Raises:
            Conflict: another rule of this account keeps that remote secret already.

        """
        with self._db.write() as connection:
            rivals = connection.execute(
                "SELECT id, name FROM rules WHERE account=? AND provider=? AND scope=? AND id<>?",
                (account, rule.provider, rule.scope, rule.id),
            ).fetchall()
            alone = rule.scope == ORG and rule.provider in PROVIDERS  # the server has one org secret per provider
            for rival in rivals:
                if alone or rival["name"] == rule.name:
                    raise Conflict(
                        f"rule {rival['id']} keeps that secret already",
                        remedy=f"Remove it first: amika sync forget {rival['id']}",
                    )
            connection.execute(
                """INSERT INTO rules VALUES (?,?,?,?,?,?) ON CONFLICT (account, id) DO UPDATE SET
                   provider=excluded.provider, scope=excluded.scope, name=excluded.name, body=excluded.body""",
                (account, rule.id, rule.provider, rule.scope, rule.name, _dump(rule)),
            )

    def change_rule(self, account: str, rule_id: str, **changes: object) -> Rule:
        """Change fields of a rule that do not say which secret it keeps; what others change meanwhile stays.

        Raises:
            NotFound: it was forgotten meanwhile.

        """
        with self._db.write() as connection:
            found = connection.execute("SELECT body FROM rules WHERE account=? AND id=?", (account, rule_id)).fetchone()
            if found is None:
                raise _no_rule()
            rule = replace(_load(Rule, found["body"]), **changes)  # type: ignore[arg-type]  # fields of Rule
            connection.execute("UPDATE rules SET body=? WHERE account=? AND id=?", (_dump(rule), account, rule_id))
        return rule

    def forget_rule(self, account: str, rule_id: str) -> None:
        """Remove a rule, its ledger entry and its hold; close an open replacement first (`RemoteSync.forget`)."""
        with self._db.write() as connection:
            for table, column in (("rules", "id"), ("ledger", "rule"), ("holds", "rule")):
                connection.execute(f"DELETE FROM {table} WHERE account=? AND {column}=?", (account, rule_id))  # noqa: S608

    def accounts(self) -> list[str]:
        """Return the key texts of all accounts that have rules or open replacements."""
        rows = self._db.read("SELECT account FROM rules UNION SELECT account FROM pending ORDER BY 1")
        return [str(row[0]) for row in rows]

    def rules_elsewhere(self, account: str) -> list[tuple[str, Rule]]:
        """Return (account, rule) of all other accounts: parked, nothing of theirs is sent to this one."""
        rows = self._db.read("SELECT account, body FROM rules WHERE account<>? ORDER BY rowid", (account,))
        return [(str(row["account"]), _load(Rule, row["body"])) for row in rows]

    # ledger

    def pushed(self, account: str) -> dict[str, Pushed]:
        """Return the ledger: rule id -> what was last pushed."""
        rows = self._db.read("SELECT rule, body FROM ledger WHERE account=?", (account,))
        return {str(row["rule"]): _load(Pushed, row["body"]) for row in rows}

    def put_pushed(self, account: str, entry: Pushed) -> None:
        """Record what was pushed."""
        with self._db.write() as connection:
            _put_ledger(connection, account, entry)

    def drop_pushed(self, account: str, rule_id: str) -> None:
        """Forget what was pushed by a rule."""
        with self._db.write() as connection:
            connection.execute("DELETE FROM ledger WHERE account=? AND rule=?", (account, rule_id))

    # journal

    def pending(self, account: str) -> list[Pending]:
        """Return the open replacements of the account, oldest first."""
        rows = self._db.read("SELECT body FROM pending WHERE account=? ORDER BY rowid", (account,))
        return [_pending(json.loads(row[0])) for row in rows]

    def commit(self, account: str, entry: Pending, pushed: Pushed | None = None) -> None:
        """Record where a replacement stands, and in the same commit what it has achieved; DONE closes it."""
        with self._db.write() as connection:
            if entry.txn.state is State.DONE:
                connection.execute(
                    "DELETE FROM pending WHERE account=? AND provider=? AND scope=? AND name=?", (account, *entry.key)
                )
            else:
                connection.execute(
                    """INSERT INTO pending VALUES (?,?,?,?,?) ON CONFLICT (account, provider, scope, name)
                       DO UPDATE SET body=excluded.body""",
                    (account, *entry.key, json.dumps(asdict(entry))),
                )
            if pushed is not None and pushed.rule:
                _put_ledger(connection, account, pushed)

    # holds, sweeps

    def holds(self, account: str) -> dict[str, Hold]:
        """Return what keeps rules from being pushed: rule id -> hold."""
        rows = self._db.read("SELECT rule, body FROM holds WHERE account=?", (account,))
        return {str(row["rule"]): _load(Hold, row["body"]) for row in rows}

    def put_hold(self, account: str, hold: Hold) -> None:
        """Record what keeps a rule from being pushed."""
        with self._db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO holds VALUES (?,?,?)", (account, hold.rule, _dump(hold)))

    def drop_hold(self, account: str, rule_id: str) -> None:
        """Let a rule be pushed again."""
        with self._db.write() as connection:
            connection.execute("DELETE FROM holds WHERE account=? AND rule=?", (account, rule_id))

    def sweeps(self, account: str) -> dict[str, float]:
        """Return provider -> epoch seconds at which late temporary records must be looked for again."""
        rows = self._db.read("SELECT provider, due_at FROM sweeps WHERE account=?", (account,))
        now = self._clock.now()
        due = ((str(row["provider"]), float(row["due_at"])) for row in rows)
        # further off than any is asked for: the clock was set back, and nothing of that request is still on its way
        return {provider: at if at <= now + LATE else now for provider, at in due}

    def put_sweep(self, account: str, provider: str, due_at: float) -> None:
        """Ask for a look at `due_at`, at most LATE seconds from now."""
        with self._db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO sweeps VALUES (?,?,?)", (account, provider, due_at))

    def end_sweep(self, account: str, provider: str, due_at: float, before: float | None = None) -> None:
        """Ask no longer for the look at `due_at`, but for that of `before`; what another process asks for stays."""
        with self._db.write() as connection:
            mine = (account, provider, due_at)
            if before is None:
                connection.execute("DELETE FROM sweeps WHERE account=? AND provider=? AND due_at=?", mine)
            else:
                connection.execute(
                    "UPDATE sweeps SET due_at=? WHERE account=? AND provider=? AND due_at=?", (before, *mine)
                )

    def swept(self, account: str, provider: str) -> None:
        """Note that the look was had; one that is asked for at a later time stays."""
        now = self._clock.now()
        with self._db.write() as connection:
            connection.execute(
                "DELETE FROM sweeps WHERE account=? AND provider=? AND (due_at<=? OR due_at>?)",
                (account, provider, now, now + LATE),
            )

    # env cache

    def is_mirrored(self, name: str, value: str) -> bool:
        """Tell whether we ever wrote this value under this name into the env cache."""
        hmac = self.fingerprint(f"{name}\0{value}", "mirrored")
        return bool(self._db.read("SELECT 1 FROM mirrored WHERE hmac=?", (hmac,)))

    def put_mirrored(self, entries: list[tuple[str, str]]) -> None:
        """Remember (name, value) pairs as keyed hashes, before they are written."""
        hmacs = [(self.fingerprint(f"{name}\0{value}", "mirrored"),) for name, value in entries]
        if all(self._db.read("SELECT 1 FROM mirrored WHERE hmac=?", hmac) for hmac in hmacs):
            return
        with self._db.write() as connection:
            connection.executemany("INSERT OR IGNORE INTO mirrored VALUES (?)", hmacs)

    def absent_since(self, key: str, now: float, *, absent: bool) -> float | None:
        """Note that something is absent now (or not) and return since when it has been, epoch seconds."""
        rows = self._db.read("SELECT since FROM absent WHERE key=?", (key,))
        if not absent:
            if rows:
                with self._db.write() as connection:
                    connection.execute("DELETE FROM absent WHERE key=?", (key,))
            return None
        if rows and float(rows[0][0]) <= now:  # a clock that went back starts the wait again
            return float(rows[0][0])
        with self._db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO absent VALUES (?,?)", (key, now))
        return now

    # meta

    def meta(self, key: str) -> str | None:
        """Return a remembered word."""
        rows = self._db.read("SELECT value FROM meta WHERE key=?", (key,))
        return str(rows[0][0]) if rows else None

    def put_meta(self, key: str, value: str) -> None:
        """Remember a word."""
        with self._db.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))


def _no_rule() -> NotFound:
    return NotFound("there is no such rule", remedy="List them: amika sync rules")


def _put_ledger(connection: sqlite3.Connection, account: str, entry: Pushed) -> None:
    connection.execute("INSERT OR REPLACE INTO ledger VALUES (?,?,?)", (account, entry.rule, _dump(entry)))
    # what kept it from being pushed is over
    connection.execute("DELETE FROM holds WHERE account=? AND rule=?", (account, entry.rule))


def _dump(value: Rule | Pushed | Hold) -> str:
    return json.dumps(asdict(value))


def _load(kind: type[_Record], text: str) -> _Record:
    """Return a record from its JSON."""
    return _made(kind, json.loads(text))


def _made(kind: type[_Record], body: dict[str, Any]) -> _Record:
    """Return a record; fields of a newer program are ignored."""
    return kind(**{name: body[name] for name in _NAMES[kind] if name in body})


def _pending(body: dict[str, Any]) -> Pending:
    txn = _made(Txn, body["txn"])
    unanswered = tuple((str(known), int(count)) for known, count in txn.unanswered)
    txn = replace(txn, state=State(txn.state), result=Result(txn.result), unanswered=unanswered)
    return replace(_made(Pending, body), txn=txn, final=_sent(body["final"]), bridge=_sent(body["bridge"]))


def _sent(body: dict[str, Any] | None) -> Sent | None:
    return None if body is None else _made(Sent, body)


def _salvaged(path: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield (table, row) of what can still be read of a damaged file and makes sense."""
    checks: dict[str, Callable[[str], object]] = {
        "rules": lambda text: _load(Rule, text),
        "ledger": lambda text: _load(Pushed, text),
        "pending": lambda text: _pending(json.loads(text)),
        "holds": lambda text: _load(Hold, text),
    }
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as old,
    ):
        for table, check in checks.items():
            with contextlib.suppress(sqlite3.Error, ValueError, TypeError, KeyError, AttributeError):
                for row in old.execute(f"SELECT * FROM {table}"):  # noqa: S608 -- names of this module
                    check(row[-1])
                    yield table, row
