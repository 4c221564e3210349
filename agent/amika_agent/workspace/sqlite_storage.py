"""The SQLite engine of the local workspace's storage: WAL, every commit flushed to the disk."""

# ruff: noqa: D102 -- the promises of the public methods are written once, in storage.Storage

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from typing import Any, TypeVar

from amika_agent.stores.private_file import refuse_symlink
from amika_agent.workspace import sqlite_schema
from amika_agent.workspace.storage import (
    APPROVED,
    DENIED,
    PENDING,
    USED,
    AlreadyExistsError,
    ApiKey,
    DeviceCode,
    Identity,
    Organization,
    RefreshToken,
    Sandbox,
    SealingKey,
    Session,
    StorageError,
    StoredSecret,
)
from amika_local.errors import Failed

Record = ApiKey | DeviceCode | RefreshToken | Sandbox | SealingKey | Session | StoredSecret
Row = TypeVar("Row", bound=ApiKey | DeviceCode | RefreshToken | SealingKey | Session | StoredSecret)

_USE_CODE = "UPDATE device_codes SET state = ? WHERE code_hash = ? AND state = ?"
_KEEP_CODES = 24 * 3600.0  # an expired code is still explained to the person for a day
_KEEP_TOKENS = 90 * 24 * 3600.0  # used tokens are kept to recognise their reuse


class SqliteStorage:
    """`Storage` in one file; see there for what each method promises."""

    def __init__(self, path: str) -> None:
        """Open or create the file (0600).

        Raises:
            Failed: not a file of ours, damaged, or of a newer version; the message names it and the next step.

        """
        refuse_symlink(path)
        remedy = f"Move it away (mv {path} {path}.old) to start with an empty workspace."
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        except (OSError, sqlite3.Error) as error:
            raise Failed(
                f"cannot open {path}: {_reason(error)}", remedy="Check the disk and its permissions."
            ) from None
        try:
            sqlite_schema.check_owner(self._database)
            os.chmod(path, 0o600)
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",
                "fullfsync=ON",
                "foreign_keys=ON",
                "cache_size=-1024",
            ):
                self._database.execute(f"PRAGMA {pragma}")
            sqlite_schema.bring_up_to_date(self._database)
            self._check()
        except sqlite_schema.WrongFileError as error:
            self._database.close()
            raise Failed(f"{path} {error}", remedy=remedy) from None
        except (sqlite3.Error, StorageError) as error:
            self._database.close()
            raise Failed(f"{path} is damaged: {_reason(error)}", remedy=remedy) from None

    def close(self) -> None:
        self._database.close()

    def setting(self, name: str) -> bytes | None:
        row = self._one("SELECT value FROM settings WHERE name = ?", name)
        return bytes(row[0]) if row else None

    def set_setting(self, name: str, value: bytes) -> None:
        with self._change() as run:
            run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value)

    def sealing_keys(self) -> Sequence[SealingKey]:
        return self._all(SealingKey, "FROM sealing_keys ORDER BY created_at DESC, rowid DESC")

    def add_sealing_key(self, key: SealingKey) -> None:
        self._insert("sealing_keys", key)

    def identity(self) -> Identity | None:
        user = self._one("SELECT id, email, first_name FROM users LIMIT 1")
        if user is None:
            return None
        rows = self._rows(
            "SELECT o.id, o.name FROM organizations o JOIN memberships m ON m.org_id = o.id "
            "WHERE m.user_id = ? ORDER BY m.position",
            user[0],
        )
        return Identity(user[0], user[1], user[2], tuple(Organization(*row) for row in rows))

    def set_identity(self, identity: Identity) -> None:
        with self._change() as run:
            run("INSERT INTO users VALUES (?, ?, ?)", identity.user_id, identity.email, identity.first_name)
            for position, organization in enumerate(identity.organizations):
                run("INSERT INTO organizations VALUES (?, ?)", organization.id, organization.name)
                run("INSERT INTO memberships VALUES (?, ?, ?)", identity.user_id, organization.id, position)

    def add_organization(self, user_id: str, organization: Organization) -> None:
        with self._change() as run:
            run("INSERT INTO organizations VALUES (?, ?)", organization.id, organization.name)
            run(
                "INSERT INTO memberships SELECT ?, ?, count(*) FROM memberships WHERE user_id = ?",
                user_id,
                organization.id,
                user_id,
            )

    def add_device_code(self, code: DeviceCode) -> None:
        self._insert("device_codes", code)

    def count_pending(self, now: float) -> int:
        row = self._one("SELECT count(*) FROM device_codes WHERE state = ? AND expires_at > ?", PENDING, now)
        return int(row[0]) if row else 0

    def device_code(self, code_hash: str) -> DeviceCode | None:
        return self._first(DeviceCode, "FROM device_codes WHERE code_hash = ?", code_hash)

    def device_code_by_user_code(self, user_code: str) -> DeviceCode | None:
        return self._first(DeviceCode, "FROM device_codes WHERE user_code = ?", user_code)

    def note_poll(self, code_hash: str, at: float, interval: float) -> None:
        with self._change() as run:
            run("UPDATE device_codes SET polled_at = ?, interval = ? WHERE code_hash = ?", at, interval, code_hash)

    def decide(self, user_code: str, state: str) -> bool:
        if state not in (APPROVED, DENIED):
            raise ValueError("a sign-in is approved or denied")
        with self._change() as run:
            return run("UPDATE device_codes SET state = ? WHERE user_code = ? AND state = ?", state, user_code, PENDING)

    def redeem(self, code_hash: str, session: Session, token: RefreshToken) -> bool:
        with self._change() as run:
            if not run(_USE_CODE, USED, code_hash, APPROVED):
                return False
            run(_insertion("sessions", Session), *astuple(session))
            run(_insertion("refresh_tokens", RefreshToken), *astuple(token))
            return True

    def redeem_as_key(self, code_hash: str, key: ApiKey) -> bool:
        with self._change() as run:
            if not run(_USE_CODE, USED, code_hash, APPROVED):
                return False
            run(_insertion("api_keys", ApiKey), *astuple(key))
            return True

    def add_api_key(self, key: ApiKey) -> None:
        self._insert("api_keys", key)

    def api_key(self, key_hash: str) -> ApiKey | None:
        return self._first(ApiKey, "FROM api_keys WHERE key_hash = ?", key_hash)

    def api_keys(self, user_id: str) -> Sequence[ApiKey]:
        return self._all(ApiKey, "FROM api_keys WHERE user_id = ? ORDER BY created_at, rowid", user_id)

    def note_key_use(self, key_id: str, at: float) -> None:
        with self._change() as run:
            run("UPDATE api_keys SET last_used_at = ? WHERE id = ?", at, key_id)

    def delete_api_key(self, key_id: str, user_id: str) -> bool:
        with self._change() as run:
            return run("DELETE FROM api_keys WHERE id = ? AND user_id = ?", key_id, user_id)

    def session(self, session_id: str) -> Session | None:
        return self._first(Session, "FROM sessions WHERE id = ?", session_id)

    def sessions(self, limit: int) -> Sequence[Session]:
        return self._all(Session, "FROM sessions ORDER BY created_at DESC, rowid DESC LIMIT ?", limit)

    def end_session(self, session_id: str, at: float, because: str) -> bool:
        with self._change() as run:
            run("UPDATE refresh_tokens SET answer = x'' WHERE session_id = ?", session_id)
            return run(
                "UPDATE sessions SET ended_at = ?, ended_because = ? WHERE id = ? AND ended_at IS NULL",
                at,
                because,
                session_id,
            )

    def refresh_token(self, token_hash: str) -> RefreshToken | None:
        return self._first(RefreshToken, "FROM refresh_tokens WHERE token_hash = ?", token_hash)

    def rotate(self, used: RefreshToken, successor: RefreshToken, org_id: str) -> bool:
        with self._change() as run:
            alive = run(
                "UPDATE sessions SET org_id = ? WHERE id = ? AND ended_at IS NULL "
                "AND EXISTS (SELECT 1 FROM refresh_tokens WHERE token_hash = ? AND used_at IS NULL)",
                org_id,
                used.session_id,
                used.token_hash,
            )
            if not alive:
                return False
            run(
                "UPDATE refresh_tokens SET used_at = ?, answer = ? WHERE token_hash = ?",
                used.used_at,
                used.answer,
                used.token_hash,
            )
            run(_insertion("refresh_tokens", RefreshToken), *astuple(successor))
            return True

    def add_secret(self, secret: StoredSecret) -> None:
        self._insert("secrets", secret)

    def secrets(self, kind: str, user_id: str, org_id: str) -> Sequence[StoredSecret]:
        return self._all(
            StoredSecret,
            "FROM secrets WHERE kind = ? AND org_id = ? AND (scope = 'org' OR user_id = ?) ORDER BY created_at, rowid",
            kind,
            org_id,
            user_id,
        )

    def replace_value(self, secret_id: str, sealed: bytes, at: float) -> bool:
        with self._change() as run:
            return run("UPDATE secrets SET sealed = ?, updated_at = ? WHERE id = ?", sealed, at, secret_id)

    def delete_secret(self, secret_id: str) -> bool:
        with self._change() as run:
            return run("DELETE FROM secrets WHERE id = ?", secret_id)

    def add_sandbox(self, sandbox: Sandbox) -> None:
        values = [json.dumps(v) if isinstance(v, dict) else v for v in astuple(sandbox)]
        with self._change() as run:
            run(_insertion("sandboxes", Sandbox), *values)

    def sandboxes(self, org_id: str) -> Sequence[Sandbox]:
        rows = self._rows(
            "SELECT id, org_id, user_id, name, repo_url, branch, secret_env_vars, created_at FROM sandboxes "
            "WHERE org_id = ? ORDER BY created_at, rowid",
            org_id,
        )
        return [Sandbox(*(json.loads(value) if at == 6 else value for at, value in enumerate(row))) for row in rows]

    def delete_sandbox(self, sandbox_id: str) -> bool:
        with self._change() as run:
            return run("DELETE FROM sandboxes WHERE id = ?", sandbox_id)

    def sweep(self, now: float, grace: float) -> None:
        with self._change() as run:
            run("DELETE FROM device_codes WHERE expires_at < ?", now - _KEEP_CODES)
            run("UPDATE refresh_tokens SET answer = x'' WHERE used_at < ? AND answer <> x''", now - grace)
            run("DELETE FROM refresh_tokens WHERE used_at < ?", now - _KEEP_TOKENS)

    def _check(self) -> None:
        found = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise StorageError("its content does not hold together")

    def _insert(self, table: str, row: ApiKey | DeviceCode | SealingKey | StoredSecret) -> None:
        with self._change() as run:
            run(_insertion(table, type(row)), *astuple(row))

    @contextlib.contextmanager
    def _change(self) -> Iterator[_Run]:
        run = _Run(self._database)
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield run
            self._database.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
                raise AlreadyExistsError from error
            raise StorageError(_reason(error)) from error
        except sqlite3.Error as error:
            raise StorageError(_reason(error)) from error
        finally:
            if self._database.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StorageError(_reason(error)) from error

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, *values)), None)

    def _all(self, row: type[Row], rest: str, *values: object) -> list[Row]:
        columns = ", ".join(f.name for f in fields(row))
        return [row(*values) for values in self._rows(f"SELECT {columns} {rest}", *values)]

    def _first(self, row: type[Row], rest: str, *values: object) -> Row | None:
        return next(iter(self._all(row, rest, *values)), None)


class _Run:
    """Executes one statement inside a transaction; tells whether it changed a row."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __call__(self, statement: str, *values: object) -> bool:
        return self._database.execute(statement, values).rowcount > 0


def _insertion(table: str, row: type[Record]) -> str:
    names = [f.name for f in fields(row)]
    # table and column names are our own record classes', never input
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _reason(error: Exception) -> str:
    """Return SQLite's or the system's own words; they never hold a bound value."""
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
