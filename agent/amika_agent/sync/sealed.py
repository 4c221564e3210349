"""The one place where a value waits on the disk: encrypted, while an organization has none, until it has one again."""

from __future__ import annotations

import contextlib
import os

from amika_agent.stores.private_file import refuse_symlink, sync_dir, write_private
from amika_agent.sync.keys import load_key
from amika_local.errors import Failed
from amika_local.regular_file import beginning
from amika_local.secret import Secret

_NONCE = 12


class SealedValues:
    """Values of open gaps, one file each, AES-GCM with a key in a 0600 file beside them.

    Without it a source that vanishes inside a gap would leave the organization without its secret for good.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def put(self, name: str, owner: str, value: Secret) -> None:
        """Store a value durably before anything is deleted; `owner` is bound to it.

        Raises:
            Failed: it cannot be written; nothing must be deleted then.

        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._key()).encrypt(nonce, value.reveal().encode(), _bound(name, owner))
        write_private(self._path(name), nonce + sealed)

    def get(self, name: str, owner: str) -> Secret | None:
        """Return a value, or None when there is none or it is damaged."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            refuse_symlink(self._path(name))
            data = beginning(self._path(name), 1 << 20)
            plain = AESGCM(self._key()).decrypt(data[:_NONCE], data[_NONCE:], _bound(name, owner))
        except (OSError, InvalidTag, ValueError, Failed):
            return None
        return Secret(plain.decode())

    def drop(self, name: str) -> None:
        """Remove a value when its gap is closed."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(name))
            sync_dir(self._folder)

    def _key(self) -> bytes:
        return load_key(os.path.join(self._folder, "key"))

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, f"{name}.sealed")


def _bound(name: str, owner: str) -> bytes:
    return f"{name}\0{owner}".encode()
