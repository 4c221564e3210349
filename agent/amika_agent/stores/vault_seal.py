"""How values are sealed in the vault file: AES-256-GCM under a key from the keyring, or made of a passphrase."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amika_local.errors import Failed
from amika_local.secret import Secret

# interactive scrypt: 64 MiB and about a fifth of a second
_COST = {"n": 1 << 16, "r": 8, "p": 1}
_PROBE = "probe"
_NO_PASSPHRASE = "Run it in a terminal, or put the passphrase into a file and name it in AMIKA_VAULT_PASSPHRASE_FILE."  # noqa: S105


class Seal:
    """An opened seal. `head` is what the file keeps of it: never the key."""

    def __init__(self, head: Mapping[str, object], key: bytes) -> None:
        self.head = head
        self._cipher = AESGCM(key)

    @classmethod
    def open(
        cls,
        head: Mapping[str, object],
        from_keyring: Callable[[str], Secret | None],
        passphrase: Callable[[], Secret | None],
    ) -> Seal:
        """Return the seal that `head` describes.

        Raises:
            Failed: the keyring has lost the key, the passphrase is wrong or cannot be asked for.

        """
        match head:
            case {"kind": "keyring", "id": str(key_id)}:
                kept = from_keyring(key_id)
                if kept is None:
                    raise Failed("the keyring has lost the key of the vault", remedy="Restore the keyring.")
                return cls(head, _decoded(kept.reveal()))
            case {"kind": "passphrase", "salt": str(salt), "n": int(n), "r": int(r), "p": int(p), "probe": str(probe)}:
                words = passphrase()
                if words is None:
                    raise Failed("the vault is sealed with a passphrase", remedy=_NO_PASSPHRASE)
                seal = cls(head, _stretched(words, _decoded(salt), n, r, p))
                if not seal.fits(probe):
                    raise Failed("the passphrase is wrong", remedy="Try again; nothing was changed.")
                return seal
        raise Failed("the seal of the vault cannot be understood", remedy="Update this program.")

    def seal(self, name: str, data: bytes) -> str:
        """Return `data` sealed (base64), bound to `name`."""
        nonce = secrets.token_bytes(12)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, data, name.encode())).decode()

    def unseal(self, name: str, sealed: str) -> bytes:
        """Return what was sealed under `name`.

        Raises:
            Failed: changed, or sealed under another name or key.

        """
        raw = _decoded(sealed)
        try:
            return self._cipher.decrypt(raw[:12], raw[12:], name.encode())
        except (InvalidTag, ValueError):
            key = name.partition("/")[2]
            raise Failed(f"{key} in the vault was changed or damaged", remedy="Store it again.") from None

    def fits(self, probe: str) -> bool:
        """Tell whether this is the key that made `probe`."""
        try:
            return self.unseal(_PROBE, probe) == b""
        except Failed:
            return False


def new_keyring_seal(keep: Callable[[str, Secret], bool]) -> Seal | None:
    """Return a seal whose key `keep` put into the keyring, or None when there is no keyring."""
    key, key_id = secrets.token_bytes(32), secrets.token_hex(8)
    if not keep(key_id, Secret(base64.b64encode(key).decode())):
        return None
    return Seal({"kind": "keyring", "id": key_id}, key)


def new_passphrase_seal(passphrase: Callable[[], Secret | None]) -> Seal:
    """Return a seal made of a new passphrase.

    Raises:
        Failed: nobody can be asked, or the passphrase is too short.

    """
    words = passphrase()
    if words is None:
        raise Failed("there is no keyring, so the vault needs a passphrase", remedy=_NO_PASSPHRASE)
    if len(words.reveal()) < 8:
        raise Failed("the passphrase is shorter than 8 characters", remedy="Choose a longer one.")
    salt = secrets.token_bytes(16)
    key = _stretched(words, salt, _COST["n"], _COST["r"], _COST["p"])
    head: dict[str, object] = {"kind": "passphrase", "salt": base64.b64encode(salt).decode(), **_COST}
    return Seal({**head, "probe": Seal(head, key).seal(_PROBE, b"")}, key)


def _stretched(words: Secret, salt: bytes, n: int, r: int, p: int) -> bytes:
    if not (1 < n <= 1 << 20 and 1 <= r <= 32 and 1 <= p <= 16):
        raise Failed("the seal of the vault asks for more work than is sensible", remedy="Put a copy of it back.")
    data = words.reveal().encode("utf-8", "surrogateescape")
    try:
        return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r + (1 << 20), dklen=32)
    except ValueError:
        raise Failed("the seal of the vault cannot be understood", remedy="Put a copy of it back.") from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Failed("the vault holds a value that cannot be decoded", remedy="Put a copy of it back.") from None
