"""Encryption at rest: AES-256-GCM, each value bound to the row and the name it was stored under."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.private_file import make_private_dir, read_private, write_private
from amika_agent.workspace.storage import SealingKey, Storage
from amika_local.secret import Secret

SERVICE = "amika-workspace"
KEYRING = "keyring"
FILE = "file"

_NONCE = 12
_ID = 8


class UnsealError(Exception):
    """The bytes were sealed with a key that is not at hand, for another place, or were changed."""


class Sealer:
    """Seals and opens values. `store` and `note` say, for the person, where the key lies and why it is there."""

    def __init__(self, key: SealingKey, material: bytes, *, note: str = "") -> None:
        self.store = key.store
        self.note = note
        self._id = bytes.fromhex(key.id)
        self._cipher = AESGCM(material)

    def seal(self, value: bytes, *place: str) -> bytes:
        """Return `value` encrypted for `place`, for example the id and the name of its row."""
        nonce = os.urandom(_NONCE)
        return self._id + nonce + self._cipher.encrypt(nonce, value, _place(place))

    def open(self, sealed: bytes, *place: str) -> bytes:
        """Return the value that was sealed for this place.

        Raises:
            UnsealError: sealed with a key that is not at hand, sealed for another place, or changed.

        """
        if sealed[:_ID] != self._id:
            raise UnsealError
        nonce, text = sealed[_ID : _ID + _NONCE], sealed[_ID + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, text, _place(place))
        except (InvalidTag, ValueError):
            raise UnsealError from None


def open_sealer(storage: Storage, data_dir: str, now: float) -> Sealer:
    """Return the sealer of this workspace: with its last key if that is at hand, else with a new one.

    A new key goes into the OS keyring, or into a 0600 file when no keyring works; `Sealer.note` then says so. What was
    sealed with a lost key stays unreadable, which costs nothing that could be read before: values never leave, and
    sessions are signed anew.

    Raises:
        Failed: the key file cannot be read or written.

    """
    last = next(iter(storage.sealing_keys()), None)
    if last is None:
        return _new_sealer(storage, data_dir, now)
    try:
        material = _fetch(last, data_dir)
    except KeyringProblem as error:
        return _new_sealer(storage, data_dir, now, why=f"the key in the OS keyring is out of reach: {error.message}")
    if material is None:
        return _new_sealer(storage, data_dir, now)
    return Sealer(last, material, note="" if last.store == KEYRING else _in_file(data_dir))


def _new_sealer(storage: Storage, data_dir: str, now: float, *, why: str = "") -> Sealer:
    material = AESGCM.generate_key(256)
    key = SealingKey(secrets.token_hex(_ID), KEYRING, now)
    if not why:
        try:
            keyring_process.put(SERVICE, key.id, Secret(base64.b64encode(material).decode()))
        except KeyringProblem as error:
            why = error.message
    note = ""
    if why:
        key = SealingKey(key.id, FILE, now)
        make_private_dir(os.path.dirname(_key_file(data_dir, key.id)))
        write_private(_key_file(data_dir, key.id), base64.b64encode(material) + b"\n")
        note = f"{_in_file(data_dir)} Reason: {why}."
    storage.add_sealing_key(key)
    return Sealer(key, material, note=note)


def _fetch(key: SealingKey, data_dir: str) -> bytes | None:
    if key.store == KEYRING:
        held = keyring_process.get(SERVICE, key.id)
        kept = held.reveal().encode() if held else b""
    else:
        kept = read_private(_key_file(data_dir, key.id), 4096) or b""
    try:
        material = base64.b64decode(kept)
    except ValueError:
        return None
    return material if len(material) == 32 else None


def _key_file(data_dir: str, key_id: str) -> str:
    return os.path.join(data_dir, "keys", f"{key_id}.key")


def _in_file(data_dir: str) -> str:
    return (
        f"The key that protects stored values lies in a file (readable by you only): {os.path.join(data_dir, 'keys')}."
    )


def _place(words: Sequence[str]) -> bytes:
    # lengths first: ("ab", "c") and ("a", "bc") are different places
    return b"".join(len(word.encode()).to_bytes(4) + word.encode() for word in words)
