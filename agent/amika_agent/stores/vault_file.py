"""The vault file: index of every secret and home of the sealed ones. Read whole, checked whole, replaced whole.

    {"v": 1, "seal": {…} | null, "entries": {"workspace/KEY": {"source", "stored_at", "sealed"?}}, "check": "…"}

`check` is the hash of all the rest: a truncated or edited file is found out and named, and never written over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from amika_agent.stores.private_file import write_private
from amika_local.errors import Failed

VERSION = 1
MAX_FILE = 64 << 20


@dataclass(frozen=True)
class Entry:
    """One secret: where its value is, since when (epoch seconds), and the sealed value (base64) if it is here."""

    source: str
    stored_at: float
    sealed: str = ""


@dataclass(frozen=True)
class VaultFile:
    """The content of the file. `seal` says how the key of the sealed values is had; None while nothing is sealed."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    seal: Mapping[str, object] | None = None

    def put(self, name: str, entry: Entry) -> VaultFile:
        """Return the file with this entry."""
        return replace(self, entries={**self.entries, name: entry})

    def drop(self, name: str) -> VaultFile:
        """Return the file without this entry."""
        return replace(self, entries={known: entry for known, entry in self.entries.items() if known != name})

    def with_seal(self, seal: Mapping[str, object]) -> VaultFile:
        """Return the file with this seal."""
        return replace(self, seal=seal)


def load(path: str) -> VaultFile:
    """Return the vault file; an absent one is empty.

    Raises:
        Failed: unreadable, truncated, edited, or of a newer version. The file is left as it is.

    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return VaultFile()
    except OSError as error:
        raise Failed(f"cannot read the vault {path}: {os.strerror(error.errno or 0)}") from None
    return _parsed(path, data)


def save(path: str, content: VaultFile) -> None:
    """Replace the vault file.

    Raises:
        Failed: it cannot be written; the old one is unchanged.

    """
    body = {
        "v": VERSION,
        "seal": content.seal,
        "entries": {
            name: {"source": e.source, "stored_at": e.stored_at, **({"sealed": e.sealed} if e.sealed else {})}
            for name, e in sorted(content.entries.items())
        },
    }
    write_private(path, json.dumps({**body, "check": _check(body)}, indent=1).encode() + b"\n")


def _parsed(path: str, data: bytes) -> VaultFile:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise _damaged(path, "is cut short or no JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("entries"), dict):
        raise _damaged(path, "is not a vault")
    if isinstance(body.get("v"), int) and body["v"] > VERSION:
        raise Failed(f"the vault {path} was written by a newer version", remedy="Update this program.")
    check = body.pop("check", "")
    if check != _check(body):
        raise _damaged(path, "was changed by another program or by hand")
    seal = body.get("seal")
    return VaultFile(
        {name: _entry(path, entry) for name, entry in body["entries"].items()}, seal if isinstance(seal, dict) else None
    )


def _entry(path: str, entry: object) -> Entry:
    match entry:
        case {"source": str(source), "stored_at": int() | float() as stored_at}:
            sealed = entry.get("sealed", "") if isinstance(entry, dict) else ""
            return Entry(source, float(stored_at), sealed if isinstance(sealed, str) else "")
    raise _damaged(path, "has an entry that cannot be understood")


def _check(body: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _damaged(path: str, how: str) -> Failed:
    return Failed(
        f"the vault {path} {how}; it was left as it is",
        remedy=f"Put a copy of it back, or move it away and store the secrets again: mv {path} {path}.old",
    )
