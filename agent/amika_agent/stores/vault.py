"""The vault: named secrets of this machine, in the OS keyring, else sealed in one file; never in plain text.

Values lie in the keyring where there is one ("os-keychain"). Without one, or for a value that it does not take, they
are sealed in the vault file with AES-GCM ("encrypted-file"); the key of the seal lies in the keyring, or is made of a
passphrase (see `vault_seal`). The file also is the index of both, because a keyring cannot be listed.

Any bytes up to 64 KiB are a value; they travel as text with surrogate escapes, which gives back the exact bytes.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from amika_agent.clock import Clock
from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.private_file import check_replaceable, locked
from amika_agent.stores.vault_file import Entry, VaultFile, load, save
from amika_agent.stores.vault_seal import Seal, new_keyring_seal, new_passphrase_seal
from amika_local.errors import Busy, Conflict, Failed, NotFound, UsageError
from amika_local.secret import Secret

WORKSPACE = "workspace"
TENANT = "tenant"
SCOPES = (WORKSPACE, TENANT)
KEYRING = "os-keychain"
SEALED = "encrypted-file"
MAX_VALUE = 64 * 1024
MAX_KEY = 128
LOCK_DEADLINE = 30.0
_TRIES = 3
_SERVICE = "amika-desktop vault"
_REMEDIES = {
    "locked": "Unlock it (sign in to your desktop, or open its password manager) and try again.",
    "absent": "The value lies in the keyring of your desktop session: run it there, or store it anew here.",
    "slow": "It may be waiting for its password in a window. Unlock it and try again.",
    "failed": "Try again; nothing was changed.",
    "forgetful": "Store it again.",
}
# the keyring of Windows takes 2,560 bytes in UTF-16, base64 takes a third
KEYRING_LIMIT = {"nt": 900}.get(os.name, MAX_VALUE)


class Keyring(Protocol):
    """The OS keyring, as `keyring_process` offers it."""

    def get(self, service: str, account: str) -> Secret | None:
        """Return what is stored under this name."""

    def put(self, service: str, account: str, value: Secret) -> None:
        """Store a value."""

    def delete(self, service: str, account: str) -> None:
        """Delete a value."""


class Passphrase(Protocol):
    """Asks for the passphrase of the vault file."""

    def __call__(self, *, new: bool) -> Secret | None:
        """Return the passphrase (`new`: one that is being set), or None when nobody can be asked."""


@dataclass(frozen=True)
class Listed:
    """One secret as `list` shows it: never its value. `stored_at` in epoch seconds."""

    key: str
    scope: str
    source: str
    stored_at: float


class Vault:
    """The vault of one profile.

    Args:
        path: the vault file; its lock lies beside it.
        owner: name of the profile, so that two profiles share no entry of the keyring.
        clock: time source.
        passphrase: asks for the passphrase of the file; only called when there is no keyring.
        keyring: the OS keyring.

    """

    def __init__(
        self,
        path: str,
        owner: str,
        clock: Clock,
        *,
        passphrase: Passphrase | None = None,
        keyring: Keyring = keyring_process,
        keyring_limit: int = KEYRING_LIMIT,
    ) -> None:
        self._path = path
        self._owner = owner
        self._clock = clock
        self._passphrase = passphrase or _nobody
        self._keyring = keyring
        self._keyring_limit = keyring_limit  # bytes; what is longer is sealed into the file
        self._seal: Seal | None = None  # opening one takes a fifth of a second on purpose

    def put(self, key: str, value: Secret, scope: str = WORKSPACE) -> str:
        """Store a secret and return where: "os-keychain" or "encrypted-file".

        Raises:
            UsageError: refused name, scope, empty or too large a value.
            Failed: neither store can be used, or the vault file is damaged; nothing was changed.

        """
        name = _name(key, scope)
        data = _checked(value)
        file = load(self._path)  # a damaged index is said before anything is stored
        with self._in_order(shared=True):
            if self._into_keyring(name, data) == KEYRING:
                return KEYRING
        self._open(file)  # asks for the passphrase, if at all, while nobody waits for a lock
        with self._in_order(shared=True):
            self._into_file(name, data)
        return SEALED

    def get(self, key: str, scope: str = WORKSPACE) -> Secret:
        """Return a secret.

        Raises:
            NotFound: no such key.
            Failed: its store cannot be used, the passphrase is wrong, or the file is damaged.

        """
        name = _name(key, scope)
        file = load(self._path)
        return self._value(file, name, _entry(file, key, scope))

    def find(self, key: str) -> Secret | None:
        """Return a secret of either scope, workspace first, or None."""
        entries = load(self._path).entries
        scope = next((scope for scope in SCOPES if _name(key, scope) in entries), None)
        return None if scope is None else self.get(key, scope)

    def list(self, scope: str | None = None) -> list[Listed]:
        """Return what is stored, in order of scope and name."""
        found = []
        for name, entry in sorted(load(self._path).entries.items()):
            where, _, key = name.partition("/")
            if scope in (None, where):
                found.append(Listed(key, where, entry.source, entry.stored_at))
        return found

    def require(self, key: str, scope: str = WORKSPACE) -> None:
        """Raise NotFound when there is no such key; the nearest name and the other scope are said."""
        _entry(load(self._path), key, scope)

    def delete(self, key: str, scope: str = WORKSPACE) -> None:
        """Delete a secret.

        Raises:
            NotFound: no such key.
            Failed: its store cannot be used.

        """
        with self._in_order():
            self._remove(_name(key, scope), _entry(load(self._path), key, scope))

    def rename(self, key: str, new: str, scope: str = WORKSPACE) -> None:
        """Give a secret another name; the old one goes only when the new one is stored.

        Raises:
            NotFound: no such key.
            UsageError: it has that name; deleting what "is there already" would lose it.
            Conflict: the new name is taken.

        """
        name, wanted = _name(key, scope), _name(new, scope)
        if name == wanted:
            raise UsageError(f"it is called {new} already", remedy="Give it another name, or leave it as it is.")
        self.get(key, scope)  # asks for the passphrase, if at all, while nobody waits for a lock
        with self._in_order():
            file = load(self._path)
            entry = _entry(file, key, scope)
            if wanted in file.entries:
                where = "" if scope == WORKSPACE else f" --scope {scope}"
                raise Conflict(f"there is a {new} already", remedy=f"Delete it first: amika vault delete {new}{where}")
            data = _checked(self._value(file, name, entry))
            if self._into_keyring(wanted, data) == SEALED:
                self._into_file(wanted, data)
            self._remove(name, entry)

    # --- the two stores

    def _into_keyring(self, name: str, data: bytes) -> str:
        if len(data) > self._keyring_limit:
            return SEALED
        check_replaceable(self._path)  # what the index cannot name would lie in the keyring for ever
        try:
            self._keyring.put(_SERVICE, self._account(name), Secret(base64.b64encode(data).decode()))
        except KeyringProblem as problem:
            if problem.kind in ("locked", "slow"):
                # it is there: a second place for the same secret would only surprise
                problem.remedy = _REMEDIES[problem.kind]
                raise
            return SEALED
        self._change(lambda file: file.put(name, Entry(KEYRING, self._clock.now())))
        return KEYRING

    def _into_file(self, name: str, data: bytes) -> None:
        for _ in range(_TRIES):
            seal = self._open(load(self._path))  # making its key takes a fifth of a second: not inside the lock
            with self._locked():
                file = load(self._path)
                if file.seal is None or file.seal == seal.head:
                    sealed = Entry(SEALED, self._clock.now(), seal.seal(name, data))
                    save(self._path, file.put(name, sealed).with_seal(seal.head))
                    break
        else:
            raise Busy("the vault was sealed anew again and again", remedy="Try again in a moment.")
        if name in file.entries and file.entries[name].source == KEYRING:
            # the value was in the keyring before and is sealed now: an old copy must not stay behind
            with contextlib.suppress(KeyringProblem):
                self._keyring.delete(_SERVICE, self._account(name))

    def _remove(self, name: str, entry: Entry) -> None:
        if entry.source == KEYRING:
            check_replaceable(self._path)  # a value that is gone would stay in the index
            with _said_for_the_vault():
                self._keyring.delete(_SERVICE, self._account(name))
        self._change(lambda file: file.drop(name))

    def _value(self, file: VaultFile, name: str, entry: Entry) -> Secret:
        if entry.source == KEYRING:
            with _said_for_the_vault():
                kept = self._keyring.get(_SERVICE, self._account(name))
            if kept is None:
                key = name.partition("/")[2]
                raise Failed(f"the keyring has lost {key}", remedy=f"Store it again: amika vault put {key}")
            return _text(base64.b64decode(kept.reveal()))
        return _text(self._open(file).unseal(name, entry.sealed))

    def _open(self, file: VaultFile) -> Seal:
        # a seal just made is not in the file yet; one that another process made meanwhile counts
        if self._seal is None or (file.seal is not None and self._seal.head != file.seal):
            self._seal = self._opened(file)
        return self._seal

    def _opened(self, file: VaultFile) -> Seal:
        if file.seal is not None:
            return Seal.open(file.seal, self._key, lambda: self._passphrase(new=False))
        seal = new_keyring_seal(self._keep_key)
        return seal or new_passphrase_seal(lambda: self._passphrase(new=True))

    def _key(self, key_id: str) -> Secret | None:
        with _said_for_the_vault():
            return self._keyring.get(_SERVICE, f"{self._owner}/seal/{key_id}")

    def _keep_key(self, key_id: str, key: Secret) -> bool:
        try:
            self._keyring.put(_SERVICE, f"{self._owner}/seal/{key_id}", key)
        except KeyringProblem:
            return False
        return True

    def _account(self, name: str) -> str:
        return f"{self._owner}/{name}"

    def _change(self, change: Callable[[VaultFile], VaultFile]) -> None:
        with self._locked():
            save(self._path, change(load(self._path)))

    def _locked(self) -> AbstractContextManager[int]:
        # one writer at a time reads, changes and replaces the file: parallel writers lose nothing
        return locked(f"{self._path}.lock", deadline=LOCK_DEADLINE, clock=self._clock, what="the vault")

    def _in_order(self, *, shared: bool = False) -> AbstractContextManager[int]:
        # who takes something away is alone with keyring and file; who stores something shares them with their like
        path = f"{self._path}.order"
        return locked(path, deadline=LOCK_DEADLINE, clock=self._clock, what="the vault", shared=shared)


@contextlib.contextmanager
def _said_for_the_vault() -> Iterator[None]:
    # the keyring's own remedies speak of the session; what is in the keyring can be had from nowhere else
    try:
        yield
    except KeyringProblem as problem:
        problem.remedy = _REMEDIES[problem.kind]
        raise


def _nobody(*, new: bool) -> Secret | None:  # noqa: ARG001 -- the shape of Passphrase
    return None


def vault_path(data_dir: str) -> str:
    """Return the vault file of a profile's data directory."""
    return os.path.join(data_dir, "vault.json")


def checked_key(key: str) -> str:
    """Return the key.

    Raises:
        UsageError: not of the form A-Z, then A-Z, 0-9 and _.

    """
    rest = key.replace("_", "A")
    if not (key[:1].isascii() and key[:1].isalpha() and rest.isascii() and rest.isalnum() and key == key.upper()):
        raise UsageError("a vault key is made of A-Z, 0-9 and _, and begins with a letter", remedy="Like GITHUB_TOKEN.")
    if len(key) > MAX_KEY:
        raise UsageError(f"a vault key has at most {MAX_KEY} characters")
    return key


def _name(key: str, scope: str) -> str:
    if scope not in SCOPES:
        raise UsageError("the scope must be one of: workspace, tenant")
    return f"{scope}/{checked_key(key)}"


def _entry(file: VaultFile, key: str, scope: str) -> Entry:
    name = _name(key, scope)
    if name in file.entries:
        return file.entries[name]
    other = next((o for o in SCOPES if o != scope and f"{o}/{key}" in file.entries), "")
    remedy = "`amika vault list` shows what there is."
    if other:
        remedy = f"The {other} scope has one: add --scope {other}."
    raise NotFound(f"there is no {key} in the {scope} scope{_near(file, key, scope)}", remedy=remedy)


def _near(file: VaultFile, key: str, scope: str) -> str:
    from difflib import get_close_matches

    known = [name.partition("/")[2] for name in file.entries if name.startswith(f"{scope}/")]
    close = get_close_matches(key, known, 1, 0.75)
    return f"; did you mean {close[0]}?" if close else ""


def _checked(value: Secret) -> bytes:
    try:
        data = value.reveal().encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise UsageError("the value is no text and no bytes") from None
    if not data:
        raise UsageError("the value is empty", remedy="An empty secret is none: `amika vault delete KEY` removes one.")
    if len(data) > MAX_VALUE:
        raise UsageError("the value is longer than 64 KiB", remedy="Keep large files elsewhere and store their key.")
    return data


def _text(data: bytes) -> Secret:
    return Secret(data.decode("utf-8", "surrogateescape"))
