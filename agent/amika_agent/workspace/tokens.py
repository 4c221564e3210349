"""Access tokens: JWTs signed with RS256, and the public key others can check them with."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from amika_agent.workspace.sealing import Sealer, UnsealError
from amika_agent.workspace.storage import Storage

_SETTING = "signing_key"
_LONGEST = 8192


class Signer:
    """Signs and checks the claims of access tokens."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        numbers = key.public_key().public_numbers()
        self._public = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        # RFC 7638: the thumbprint of the required members in this order
        members = {"e": self._public["e"], "kty": "RSA", "n": self._public["n"]}
        self.key_id = _encoded(hashlib.sha256(_compact(members)).digest())

    def sign(self, claims: dict[str, Any]) -> str:
        """Return the signed token of these claims."""
        header = {"alg": "RS256", "kid": self.key_id, "typ": "JWT"}
        body = f"{_encoded(_compact(header))}.{_encoded(_compact(claims))}"
        return f"{body}.{_encoded(self._key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def check(self, token: str) -> dict[str, Any] | None:
        """Return the claims when the signature is ours, else None. The expiry is the caller's to judge."""
        if len(token) > _LONGEST or not token.isascii() or token.count(".") != 2:
            return None
        body, _, signature = token.rpartition(".")
        try:
            self._key.public_key().verify(_decoded(signature), body.encode(), padding.PKCS1v15(), hashes.SHA256())
            header, claims = (json.loads(_decoded(part)) for part in body.split("."))
        except (InvalidSignature, ValueError, RecursionError):
            return None
        signed_as = header.get("alg") if isinstance(header, dict) else None
        return claims if signed_as == "RS256" and isinstance(claims, dict) else None

    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """Return the public key as a JSON Web Key Set."""
        return {"keys": [{**self._public, "use": "sig", "alg": "RS256", "kid": self.key_id}]}


def open_signer(storage: Storage, sealer: Sealer) -> Signer:
    """Return the workspace's signer; a key that cannot be unsealed is replaced, and clients renew once."""
    sealed = storage.setting(_SETTING)
    if sealed is not None:
        try:
            key = serialization.load_der_private_key(sealer.open(sealed, _SETTING), password=None)
        except (UnsealError, ValueError):
            key = None
        if isinstance(key, rsa.RSAPrivateKey):
            return Signer(key)
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    der = new.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    storage.set_setting(_SETTING, sealer.seal(der, _SETTING))
    return Signer(new)


def _compact(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8))
