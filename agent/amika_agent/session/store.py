"""Where the session rests: `workos-session.json`, replaced as a whole, with a staged successor beside it.

`.session.next` makes a renewal survive a kill: its room is reserved before the token is spent, the new session is
written into it as soon as the server has answered, and it becomes `workos-session.json` by a rename. It names the
token it follows and carries a checksum, so a half-written one is never taken for a session.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import Protocol

from amika_agent.session.rules import as_file, digest
from amika_agent.stores.private_file import (
    make_private_dir,
    overwrite,
    refuse_symlink,
    remove_private,
    sweep,
    sync_dir,
    translated,
    write_private,
)
from amika_local.errors import Failed
from amika_local.regular_file import beginning
from amika_local.session_file import (
    SessionFileError,
    StoredSession,
    parse_session,
    read_session,
    session_path,
)

ROOM = 16 * 1024  # what a successor may be larger than the session it follows
MARK = "_amika"
KEPT_ASIDE = ".corrupt-"  # and a time: copies of damaged files, which may hold a token all the same


class Store(Protocol):
    """What a renewal needs from the place where the session rests; all but `load` run under the session's lock."""

    @property
    def name(self) -> str:
        """Return "file" or "keychain"."""

    def load(self) -> StoredSession | None:
        """Return the session; None when signed out. Raises SessionFileError."""

    def look_again(self) -> None:
        """Forget what was read before; the next `load` asks the store itself."""

    def signature(self) -> tuple[int, ...]:
        """Return something that differs after every change and costs next to nothing."""

    def reserve(self, session: StoredSession) -> None:
        """Make sure that a successor of `session` can be written. Raises Failed while no token is spent yet."""

    def stage(self, session: StoredSession, previous: StoredSession) -> None:
        """Write the successor of `previous`, flushed to the disk. Raises Failed."""

    def staged(self, previous: StoredSession) -> StoredSession | None:
        """Return a complete successor of `previous` that a killed process left, else None."""

    def commit(self, session: StoredSession) -> None:
        """Make the staged successor the session. Raises Failed."""

    def unstage(self) -> None:
        """Drop whatever is staged."""

    def replace(self, session: StoredSession) -> None:
        """Make this the session, whatever was there. Raises Failed."""

    def delete(self) -> None:
        """Remove the session and whatever is staged. Raises Failed."""


class FileStore:
    """The shared file."""

    name = "file"

    def __init__(self, state_dir: str) -> None:
        self.dir = state_dir
        self.path = session_path(state_dir)
        self.next = os.path.join(state_dir, ".session.next")

    def load(self) -> StoredSession | None:
        """Return the session; None when signed out. Raises SessionFileError."""
        return _unmarked(read_session(self.path))

    def look_again(self) -> None:
        """Nothing is remembered."""

    def signature(self) -> tuple[int, ...]:
        """Return inode, size and time of the file; () when there is none."""
        return stamp(self.path)

    def reserve(self, session: StoredSession) -> None:
        """Write the successor's room, so that a full disk, a read-only file system or a missing right show up now."""
        make_private_dir(self.dir)
        refuse_symlink(self.path)
        try:
            self._write(b" " * (ROOM + len(file_bytes(session))))
            # the rename needs a writable directory: creating .session.next may have been somebody else's doing
            self._probe()
        except OSError as error:
            raise translated(error, self.next) from None

    def stage(self, session: StoredSession, previous: StoredSession) -> None:
        """Write the successor into its room."""
        try:
            self._write(staged_bytes(session, digest(previous.refresh_token)))
        except OSError as error:
            raise translated(error, self.next) from None

    def staged(self, previous: StoredSession) -> StoredSession | None:
        """Return a complete successor of `previous`, else None."""
        try:
            data = beginning(self.next, 1 << 20)
        except OSError:
            return None
        return complete(data, digest(previous.refresh_token), self.next)

    def commit(self, session: StoredSession) -> None:
        """Rename the successor over the session."""
        del session
        try:
            os.replace(self.next, self.path)
            sync_dir(self.dir)
        except OSError as error:
            raise translated(error, self.path) from None
        sweep(self.path)

    def unstage(self) -> None:
        """Remove the successor's file."""
        with contextlib.suppress(OSError):
            os.unlink(self.next)

    def replace(self, session: StoredSession) -> None:
        """Write the session's file anew."""
        write_private(self.path, file_bytes(session))
        sweep(self.path)
        self.unstage()

    def delete(self) -> None:
        """Remove both files; the session's own first, because it is the one that counts."""
        for path in (self.path, self.next):
            remove_private(path)

    def delete_kept_aside(self) -> None:
        """Remove the copies of damaged files; what cannot be removed stays."""
        start = f"{os.path.basename(self.path)}{KEPT_ASIDE}"
        with contextlib.suppress(OSError, Failed):
            for name in os.listdir(self.dir):
                if name.startswith(start):
                    remove_private(os.path.join(self.dir, name))

    def _write(self, data: bytes) -> None:
        overwrite(self.next, data)  # the room that was reserved is the room used

    def _probe(self) -> None:
        probe = f"{self.next}.probe"
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        os.unlink(probe)


def stamp(path: str) -> tuple[int, ...]:
    """Return inode, size and time (nanoseconds) of a file; () when there is none."""
    try:
        info = os.stat(path)
    except OSError:
        return ()
    return (info.st_ino, info.st_size, info.st_mtime_ns)


def file_bytes(session: StoredSession) -> bytes:
    """Return the content of `workos-session.json`."""
    return _encoded(as_file(session))


def _encoded(content: dict[str, object]) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def staged_bytes(session: StoredSession, previous: str) -> bytes:
    """Return a successor that names the token (by its hash) it follows and carries a checksum."""
    content = as_file(session)
    content[MARK] = {"prev": previous, "sum": _checksum(content)}
    return _encoded(content)


def complete(data: bytes, previous: str, path: str) -> StoredSession | None:
    """Return the successor in `data` if it is whole and follows the token with the hash `previous`, else None."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    mark = content.pop(MARK, None) if isinstance(content, dict) else None
    if not isinstance(mark, dict) or mark.get("prev") != previous or mark.get("sum") != _checksum(content):
        return None
    try:
        return _unmarked(parse_session(data, path))
    except SessionFileError:
        return None


def _checksum(content: dict[str, object]) -> str:
    """Return a checksum: pages of a file may reach the disk in any order, and a page of blanks is valid JSON too."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _unmarked(session: StoredSession | None) -> StoredSession | None:
    if session is not None:
        session.raw.pop(MARK, None)
    return session
