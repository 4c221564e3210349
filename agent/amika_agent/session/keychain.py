"""The session in the OS keyring: the same store as the file, for those who want no token on the disk.

A pointer, `.session.store` (0600, no token in it), says which store counts and whose login it holds; it is written
last, so whatever a kill leaves in the other store is left-over and is deleted at the next start. The shared file is
absent in this mode, which the Go CLI reads as signed out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os

from amika_agent.session.rules import digest
from amika_agent.session.store import FileStore, complete, file_bytes, staged_bytes, stamp
from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.private_file import remove_private, write_private
from amika_local.errors import Failed
from amika_local.regular_file import beginning
from amika_local.secret import Secret
from amika_local.session_file import SessionFileError, StoredSession, parse_session

SERVICE = "amika-desktop"
FILE, KEYCHAIN = "file", "keychain"
LEFT = "clear_keychain"  # in the pointer: the keyring still holds what nobody needs any more


class Pointer:
    """`.session.store`."""

    def __init__(self, state_dir: str) -> None:
        self.path = os.path.join(state_dir, ".session.store")

    def read(self) -> dict[str, object]:
        """Return what it says; {} when there is none."""
        try:
            found = json.loads(beginning(self.path, 1 << 16))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, content: dict[str, object]) -> None:
        """Replace it. Raises Failed."""
        write_private(self.path, json.dumps({"v": 1, **content}, indent=1).encode())

    def changed(self) -> int:
        """Return when it was written (nanoseconds), 0 when there is none."""
        try:
            return os.stat(self.path).st_mtime_ns
        except OSError:
            return 0

    def signature(self) -> tuple[int, ...]:
        """Return something that differs after every change."""
        return stamp(self.path)


class KeychainStore:
    """Two items of the keyring: the session, and its staged successor."""

    name = KEYCHAIN

    def __init__(self, state_dir: str, pointer: Pointer) -> None:
        self.pointer = pointer
        place = hashlib.sha256(os.path.realpath(state_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._item, self._next = f"session {place}", f"session {place} next"
        self._read: tuple[tuple[int, ...], StoredSession] | None = None
        self._silent = False  # it could not be asked a moment ago: waiting for it once is enough

    def load(self) -> StoredSession | None:
        """Return the session; the keyring is asked again only after the pointer has changed.

        Raises:
            KeyringProblem: the keyring cannot be asked.
            SessionFileError: what it holds is no session, or it holds none although the pointer says so.

        """
        if not self.pointer.read().get("present"):
            return None
        signature = self.pointer.signature()
        if self._read is not None and self._read[0] == signature:
            return self._read[1]
        self._silent = True
        held = keyring_process.get(SERVICE, self._item)
        self._silent = False
        if held is None:
            raise SessionFileError("blank", self.pointer.path, "says that the keyring holds the login, but it does not")
        session = parse_session(held.reveal().encode(), self.pointer.path)
        self._read = (signature, session)
        return session

    def named(self) -> StoredSession | None:
        """Return the session without its tokens, as the pointer names it: for when the keyring cannot be asked."""
        content = self.pointer.read()
        if not content.get("present"):
            return None
        session = StoredSession(
            Secret(""),
            Secret(""),
            user_id=str(content.get("user_id") or ""),
            email=str(content.get("email") or ""),
            organization_id=str(content.get("organization_id") or ""),
        )
        session.session_id = str(content.get("session_id") or "")
        return session

    def look_again(self) -> None:
        """Forget what was read: a killed process may have changed the keyring and not the pointer."""
        self._read = None
        self._silent = False

    def signature(self) -> tuple[int, ...]:
        """Return the pointer's."""
        return self.pointer.signature()

    def check_storable(self) -> None:
        """Store and delete something of no value. Raises KeyringProblem."""
        keyring_process.put(SERVICE, f"{self._item} trial", Secret("trial"))
        keyring_process.delete(SERVICE, f"{self._item} trial")

    def reserve(self, session: StoredSession) -> None:
        """Write to the keyring and to the disk once, so that a locked keyring or a full disk shows up now."""
        del session  # a keyring has room
        keyring_process.put(SERVICE, self._next, Secret("reserved"))
        self.pointer.write({key: value for key, value in self.pointer.read().items() if key != "v"})

    def stage(self, session: StoredSession, previous: StoredSession) -> None:
        """Write the successor."""
        text = staged_bytes(session, digest(previous.refresh_token)).decode()
        keyring_process.put(SERVICE, self._next, Secret(text))

    def staged(self, previous: StoredSession) -> StoredSession | None:
        """Return a complete successor of `previous`, else None."""
        held = keyring_process.get(SERVICE, self._next)
        if held is None:
            return None
        return complete(held.reveal().encode(), digest(previous.refresh_token), self.pointer.path)

    def commit(self, session: StoredSession) -> None:
        """Make it the session."""
        self.replace(session)

    def unstage(self) -> None:
        """Delete the successor."""
        with contextlib.suppress(KeyringProblem):
            keyring_process.delete(SERVICE, self._next)

    def replace(self, session: StoredSession) -> None:
        """Make this the session, then let the pointer say so."""
        keyring_process.put(SERVICE, self._item, Secret(file_bytes(session).decode()))
        self._read = None
        self.pointer.write(
            {
                "store": KEYCHAIN,
                "present": True,
                "user_id": session.user_id,
                "email": session.email,
                "organization_id": session.organization_id,
                "expires_at": session.expires_at,
                "renewable": bool(session.refresh_token),
                "session_id": session.session_id,
                "rt": digest(session.refresh_token),
            }
        )
        self.unstage()

    def delete(self) -> None:
        """Say that nobody is signed in, then delete both items, now or as soon as the keyring can be reached."""
        self._read = None
        try:
            self.pointer.write({"store": KEYCHAIN, "present": False, LEFT: True})
        except Failed:
            # a full disk: without a note for later it has to be now
            self._delete_items()
            remove_private(self.pointer.path)
            return
        self.clear()

    def clear(self) -> None:
        """Delete both items if the pointer says that they are left over, and let it say that they are gone."""
        content = self.pointer.read()
        if not content.pop(LEFT, False) or self._silent:
            return
        # the keyring may be locked just now: then the pointer goes on saying that there is something to delete
        with contextlib.suppress(Failed):
            self._delete_items()
            self.pointer.write(content)

    def _delete_items(self) -> None:
        keyring_process.delete(SERVICE, self._item)
        keyring_process.delete(SERVICE, self._next)


class ChosenStore:
    """Whichever of the two stores counts; a new login goes to the one the settings ask for."""

    def __init__(self, state_dir: str, wanted: str) -> None:
        self.pointer = Pointer(state_dir)
        self.file = FileStore(state_dir)
        self.keychain = KeychainStore(state_dir, self.pointer)
        self.wanted = wanted

    @property
    def active(self) -> FileStore | KeychainStore:
        """Return the store that counts: the pointer's, unless another program signed in by file after it."""
        if self.pointer.read().get("store") != KEYCHAIN:
            return self.file
        signature = self.file.signature()
        return self.file if signature and signature[-1] > self.pointer.changed() else self.keychain

    @property
    def name(self) -> str:
        """Return "file" or "keychain"."""
        return self.active.name

    def load(self) -> StoredSession | None:
        """Return the session; None when signed out. Raises SessionFileError, KeyringProblem."""
        return self.active.load()

    def look_again(self) -> None:
        """Forget what was read from the keyring."""
        self.keychain.look_again()

    def signature(self) -> tuple[int, ...]:
        """Return something that differs after every change of either store."""
        return (*self.file.signature(), *self.pointer.signature())

    def check_storable(self) -> None:
        """Make sure that a new login can be put where the settings want it; a file shows that when it is locked."""
        if self.wanted == KEYCHAIN:
            self.keychain.check_storable()

    def reserve(self, session: StoredSession) -> None:
        """Make sure that a successor can be written."""
        self.active.reserve(session)

    def stage(self, session: StoredSession, previous: StoredSession) -> None:
        """Write the successor."""
        self.active.stage(session, previous)

    def staged(self, previous: StoredSession) -> StoredSession | None:
        """Return a complete successor of `previous`, else None."""
        return self.active.staged(previous)

    def commit(self, session: StoredSession) -> None:
        """Make the successor the session."""
        self.active.commit(session)

    def unstage(self) -> None:
        """Drop the successor."""
        self.active.unstage()

    def replace(self, session: StoredSession) -> None:
        """Make this the session, in the store that the settings ask for, and clear the other one."""
        if self.wanted == KEYCHAIN:
            self.keychain.replace(session)
            self.file.delete()
            return
        self.file.replace(session)
        if self.pointer.read():
            self.pointer.write({"store": FILE, LEFT: True})
            self.keychain.clear()

    def delete(self) -> None:
        """Remove the session from both stores."""
        self.file.delete()
        if self.pointer.read().get("store") == KEYCHAIN:
            self.keychain.delete()
        else:
            self.keychain.clear()

    @property
    def untidy(self) -> bool:
        """Tell whether a kill or another program left something in the store that does not count, or it must move."""
        pointer = self.pointer.read()
        if pointer.get(LEFT):
            return True
        if pointer.get("store") == KEYCHAIN:
            return bool(self.file.signature()) or (self.wanted == FILE and bool(pointer.get("present")))
        return self.wanted == KEYCHAIN and bool(self.file.signature())

    def tidy(self) -> None:
        """Delete what does not count, and move the session to where the settings want it; under the session's lock."""
        self.look_again()
        self.keychain.clear()
        active = self.active
        session = active.load()
        if session is not None and active.name != self.wanted:
            self.replace(session)
        elif active.name == KEYCHAIN:
            self.file.delete()
