"""Connections of one profile: kind, fields, and which vault key authenticates them. Never a secret.

{"v": 1, "connections": {NAME: {"kind", "fields": {…}, "vault_key", "scope", "created_at"}}, "check": "…"}
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field

from amika_agent.clock import Clock
from amika_agent.stores import checked_document
from amika_agent.stores.checked_document import damaged
from amika_agent.stores.private_file import locked
from amika_agent.stores.vault_reference import references
from amika_local.errors import Conflict, NotFound

VERSION = 1
LOCK_DEADLINE = 30.0
_WHAT = "the list of connections"


@dataclass(frozen=True)
class Connection:
    """One connection. `vault_key` is "" without authentication; `created_at` in epoch seconds."""

    name: str
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    vault_key: str = ""
    scope: str = "workspace"
    created_at: float = 0.0


class Connections:
    """The file of one profile.

    Args:
        path: the file; its lock lies beside it.
        clock: time source.

    """

    def __init__(self, path: str, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def list(self) -> list[Connection]:
        """Return every connection by name. Raises Failed when the file is damaged."""
        return [found for _, found in sorted(self._read().items())]

    def get(self, name: str) -> Connection:
        """Return a connection.

        Raises:
            NotFound: there is none of that name; names the nearest.

        """
        known = self._read()
        if name not in known:
            raise _unknown(name, list(known))
        return known[name]

    def using(self, key: str) -> builtins.list[str]:
        """Return the names of the connections that use a vault key."""
        return [c.name for c in self.list() if key in (c.vault_key, *references("\n".join(c.fields.values())))]

    def add(self, connection: Connection, *, replace: bool = False) -> None:
        """Keep a connection.

        Raises:
            Conflict: the name is taken and `replace` is not set.

        """
        with self._locked():
            known = self._read()
            if connection.name in known and not replace:
                raise Conflict(
                    f"there is a connection {connection.name} already", remedy="Choose another name, or pass --force."
                )
            self._write({**known, connection.name: connection})

    def remove(self, name: str) -> Connection:
        """Forget a connection and return it; the secret it names stays in the vault.

        Raises:
            NotFound: there is none of that name.

        """
        with self._locked():
            known = self._read()
            if name not in known:
                raise _unknown(name, list(known))
            gone = known.pop(name)
            self._write(known)
        return gone

    def _locked(self) -> AbstractContextManager[int]:
        return locked(f"{self._path}.lock", deadline=LOCK_DEADLINE, clock=self._clock, what=_WHAT)

    def _read(self) -> dict[str, Connection]:
        body = checked_document.load(self._path, _WHAT, VERSION)
        if body is None:
            return {}
        entries = body.get("connections")
        if not isinstance(entries, dict):
            raise damaged(self._path, _WHAT, "cannot be understood")
        return {name: self._connection(name, entry) for name, entry in entries.items()}

    def _connection(self, name: str, entry: object) -> Connection:
        match entry:
            case {
                "kind": str(kind),
                "fields": dict(fields),
                "vault_key": str(key),
                "scope": str(scope),
                "created_at": int() | float() as created_at,
            }:
                texts = {str(k): v for k, v in fields.items() if isinstance(v, str)}
                return Connection(name, kind, texts, key, scope, float(created_at))
        raise damaged(self._path, _WHAT, "has an entry that cannot be understood")

    def _write(self, known: Mapping[str, Connection]) -> None:
        entries = {name: _entry(connection) for name, connection in sorted(known.items())}
        checked_document.save(self._path, {"connections": entries}, VERSION)


def connections_path(data_dir: str) -> str:
    """Return the file of a profile's data directory."""
    return os.path.join(data_dir, "connections.json")


def _entry(connection: Connection) -> dict[str, object]:
    entry = asdict(connection)
    entry.pop("name")
    return entry


def _unknown(name: str, known: list[str]) -> NotFound:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return NotFound(f"there is no such connection{hint}", remedy="`amika connections list` shows them.")
