"""API keys of the almyty API: minted for a person, known here by their hash alone."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Sequence

from amika_agent.clock import Clock
from amika_agent.workspace.storage import ApiKey, DeviceCode, Identity, Storage

SHOWN = 13
MOST = 200

_BETWEEN_NOTES = 60.0

log = logging.getLogger(__name__)


class TooManyKeysError(Exception):
    """The user has as many keys as one may have."""


class ApiKeys:
    """The API keys of one workspace."""

    def __init__(self, storage: Storage, identity: Identity, clock: Clock) -> None:
        self._storage = storage
        self._identity = identity
        self._clock = clock

    def mint(self, name: str) -> tuple[str, ApiKey]:
        """Return a new key, in plain for the only time, and its record.

        Raises:
            TooManyKeysError: some have to be deleted first.

        """
        plain, key = self._new(name)
        self._storage.add_api_key(key)
        log.info("an API key was minted")
        return plain, key

    def redeem(self, code: DeviceCode) -> str | None:
        """Return the new key of an approved sign-in; None when the sign-in was collected already.

        Raises:
            TooManyKeysError: as `mint`; the sign-in stays approved.

        """
        plain, key = self._new(key_name(code.program, code.machine))
        return plain if self._storage.redeem_as_key(code.code_hash, key) else None

    def check(self, plain: str) -> ApiKey | None:
        """Return the key's record; None when it is unknown or expired."""
        key = self._storage.api_key(_hashed(plain))
        now = self._clock.now()
        if key is None or (key.expires_at is not None and key.expires_at <= now):
            return None
        if key.last_used_at is None or now - key.last_used_at > _BETWEEN_NOTES:
            self._storage.note_key_use(key.id, now)
        return key

    def all(self) -> Sequence[ApiKey]:
        """Return the user's keys, oldest first."""
        return self._storage.api_keys(self._identity.user_id)

    def delete(self, key_id: str) -> bool:
        """Delete a key; False when there is none of this id."""
        return self._storage.delete_api_key(key_id, self._identity.user_id)

    def _new(self, name: str) -> tuple[str, ApiKey]:
        if len(self.all()) >= MOST:
            raise TooManyKeysError
        plain = f"almyty_{secrets.token_hex(32)}"
        key = ApiKey(
            id=f"key_{secrets.token_hex(8)}",
            user_id=self._identity.user_id,
            org_id=self._identity.organizations[0].id,
            name=name,
            prefix=plain[:SHOWN],
            key_hash=_hashed(plain),
            created_at=self._clock.now(),
        )
        return plain, key


def key_name(program: str, machine: str) -> str:
    """Return the name of a key that a program asked for."""
    return " on ".join(part for part in (program or "a program", machine) if part)


def _hashed(plain: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
