"""The vault file: index of every secret and home of the sealed ones. Read whole, checked whole, replaced whole.

{"v": 1, "seal": {…} | null, "entries": {"workspace/KEY": {"source", "stored_at", "sealed"?}}, "check": "…"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from amika_agent.stores import checked_document
from amika_agent.stores.checked_document import damaged

VERSION = 1
_WHAT = "the vault"


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
    body = checked_document.load(path, _WHAT, VERSION)
    if body is None:
        return VaultFile()
    entries, seal = body.get("entries"), body.get("seal")
    if not isinstance(entries, dict):
        raise damaged(path, _WHAT, "is not a vault")
    return VaultFile(
        {name: _entry(path, entry) for name, entry in entries.items()}, seal if isinstance(seal, dict) else None
    )


def save(path: str, content: VaultFile) -> None:
    """Replace the vault file.

    Raises:
        Failed: it cannot be written; the old one is unchanged.

    """
    entries = {
        name: {"source": e.source, "stored_at": e.stored_at, **({"sealed": e.sealed} if e.sealed else {})}
        for name, e in sorted(content.entries.items())
    }
    checked_document.save(path, {"seal": content.seal, "entries": entries}, VERSION)


def _entry(path: str, entry: object) -> Entry:
    match entry:
        case {"source": str(source), "stored_at": int() | float() as stored_at}:
            sealed = entry.get("sealed", "") if isinstance(entry, dict) else ""
            return Entry(source, float(stored_at), sealed if isinstance(sealed, str) else "")
    raise damaged(path, _WHAT, "has an entry that cannot be understood")
