"""One SQLite file that must not lose what was committed: WAL, synchronous=FULL, integrity check, migrations."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from amika_agent.clock import Clock
from amika_agent.stores.private_file import locked, make_private_dir, refuse_other
from amika_local.errors import Busy, Failed

Migration = Callable[[sqlite3.Connection], None]
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "fuse.sshfs", "ceph", "gfs", "lustre")


class Database:
    """A connection that several threads may use.

    Args:
        path: the file; its folder is created 0700, the file 0600.
        clock: names the copy of a corrupt file.
        migrations: migration n makes version n+1 of the schema.
        least_reader: oldest version of the schema whose program still understands what we write.

    Raises:
        Failed: written by a newer program, or not writable.

    """

    def __init__(self, path: str, clock: Clock, migrations: Sequence[Migration], least_reader: int) -> None:
        self._path = path
        self._mutex = threading.RLock()
        self.rebuilt_from: str | None = None
        make_private_dir(os.path.dirname(path))
        refuse_other(path)
        with locked(path + ".lock", deadline=20, what="the sync database"):
            self._connection = self._open_sound(clock)
            try:
                self._migrate(migrations, least_reader)
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the connection."""
        with self._mutex:
            self._connection.close()

    def is_elsewhere(self) -> bool:
        """Tell whether the file that is open is not the one that lies at its path any more."""
        return _identity(self._path) != self._file

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold a write transaction: committed and flushed to the disk at the end, rolled back on any error."""
        with self._mutex, _translated(self._path):
            if self.is_elsewhere():  # a journal that nobody will ever read again makes nothing safe
                raise Failed(
                    f"{self._path} was removed or replaced while it was in use",
                    remedy="It is opened anew by itself; a command is run again.",
                )
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def read(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._mutex, _translated(self._path):
            return self._connection.execute(query, values).fetchall()

    def _open_sound(self, clock: Clock) -> sqlite3.Connection:
        connection = None
        try:
            connection = self._connect()
            if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok":
                return connection
        except sqlite3.DatabaseError as error:
            # "locked", "disk full", "cannot open" are no corruption; only these two are
            if isinstance(error, sqlite3.OperationalError):
                if connection is not None:
                    connection.close()
                raise _failed(error, self._path) from None
        if connection is not None:
            connection.close()
        self._keep_aside(clock)
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        _create_private(self._path)
        connection = sqlite3.connect(self._path, timeout=15, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            # WAL needs shared memory, which network file systems do not have between hosts
            mode = "DELETE" if on_network(self._path) else "WAL"
            connection.execute(f"PRAGMA journal_mode={mode}").fetchone()
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA fullfsync=ON")  # macOS only: fsync there does not reach the platter
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        self._file = _identity(self._path)
        return connection

    def _keep_aside(self, clock: Clock) -> None:
        kept = f"{self._path}.corrupt-{int(clock.now())}"
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                os.replace(self._path + suffix, kept + suffix)
        self.rebuilt_from = kept

    def _migrate(self, migrations: Sequence[Migration], least_reader: int) -> None:
        version = int(self.read("PRAGMA user_version")[0][0])
        if version > len(migrations):
            row = self.read("SELECT value FROM meta WHERE key='least_reader'")
            if not row or int(row[0][0]) > len(migrations):
                raise Failed(
                    f"{self._path} was written by a newer version of this program",
                    remedy="Update this program, or run the newer one.",
                )
            return
        if version == len(migrations):
            return
        with self.write() as connection:
            for migration in migrations[version:]:
                migration(connection)
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('least_reader', ?)", (str(least_reader),))
            connection.execute(f"PRAGMA user_version={len(migrations)}")


def on_network(path: str, mounts: str = "/proc/self/mountinfo") -> bool:
    """Tell whether `path` lies on a network file system (Linux; elsewhere False)."""
    best, kind = "", ""
    target = os.path.realpath(os.path.dirname(path)) + "/"
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            for line in file:
                left, _, right = line.partition(" - ")
                point = left.split(" ")[4].replace("\\040", " ").rstrip("/") + "/"
                if target.startswith(point) and len(point) >= len(best):
                    best, kind = point, right.split(" ")[0]
    except (OSError, IndexError):
        return False
    return kind.startswith(_NETWORK)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _create_private(path: str) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise Failed(f"cannot open {path}: {error.strerror}", remedy=f"Check its permissions: ls -l {path}") from None


@contextlib.contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _failed(error, path) from None


def _failed(error: sqlite3.Error, path: str) -> Failed:
    text: Any = getattr(error, "sqlite_errorname", "") or type(error).__name__
    if text.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy("another process is writing the sync database", remedy="Try again in a moment.")
    remedies = {
        "SQLITE_FULL": "The disk is full: free some space and try again.",
        "SQLITE_READONLY": "Make it writable for your user.",
        "SQLITE_CANTOPEN": "Make its folder writable for your user.",
        "SQLITE_CORRUPT": "Start the program again: it keeps the damaged file aside and rebuilds it.",
        "SQLITE_NOTADB": "Start the program again: it keeps the damaged file aside and rebuilds it.",
    }
    remedy = next((r for name, r in remedies.items() if text.startswith(name)), "")
    return Failed(f"cannot use {path}: {text}", remedy=remedy)
