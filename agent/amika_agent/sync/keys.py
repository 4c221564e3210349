"""The two small files beside sync.db: the key of all fingerprints, and this machine's id."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from amika_agent.stores.private_file import locked, read_private, write_private

KEY_BYTES = 32
MOST = 4096  # bytes that are read of either file


def load_key(path: str) -> bytes:
    """Return the fingerprint key, made at first use (0600).

    A damaged key is kept aside and replaced: fingerprints of before then match nothing and everything is pushed
    once more, which is safe.

    Raises:
        Failed: the file cannot be read or written.

    """
    with locked(path + ".lock", deadline=10, what="the fingerprint key"):
        data = read_private(path, MOST)
        if data is not None and len(data) == KEY_BYTES:
            return data
        if data is not None:
            _keep_aside(path)
        key = secrets.token_bytes(KEY_BYTES)
        write_private(path, key)
        return key


def load_machine_id(path: str, known: str | None) -> str:
    """Return this machine's id: 8 hex digits, in the database (`known`) and in a file of its own.

    Either may be lost: temporary records on the server carry the id, and must be recognized as ours afterwards.
    """
    data = read_private(path, MOST)
    written = (data or b"").decode("ascii", "replace").strip()
    if _is_id(written):
        return written
    machine = known if known and _is_id(known) else secrets.token_hex(4)
    write_private(path, machine.encode() + b"\n")
    return machine


def fingerprint(key: bytes, purpose: str, text: str) -> str:
    """Return a keyed HMAC (hex) that tells equal values without telling the value."""
    return hmac.new(key, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _is_id(text: str) -> bool:
    return len(text) == 8 and all(c in "0123456789abcdef" for c in text)


def _keep_aside(path: str) -> None:
    os.replace(path, f"{path}.corrupt-{secrets.token_hex(4)}")
