"""What a connection would use, masked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from amika_agent.akos.connection_fields import references_of
from amika_agent.stores.vault_reference import REFERENCE
from amika_cli.render import table, terminal_width
from amika_cli.vault.connecting import missing_keys
from amika_cli.vault.opening import open_vault
from amika_local.errors import Failed
from amika_local.secret import masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from amika_agent.stores.connections import Connection
    from amika_cli.context import Context


@dataclass(frozen=True)
class Seen:
    """One connection as it is shown: `used` has each field with its references filled in, masked."""

    connection: Connection
    used: dict[str, str]
    missing: list[str]
    source: str
    hint: str

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        c = self.connection
        auth = None
        if c.vault_key:
            auth = {
                "vault_key": c.vault_key,
                "scope": c.scope,
                "exists": bool(self.source),
                "source": self.source or None,
                "value": self.hint or None,
            }
        return {
            "name": c.name,
            "kind": c.kind,
            "fields": dict(c.fields),
            "used": self.used,
            "auth": auth,
            "missing_keys": self.missing,
            "created_at": c.created_at,
        }

    def lines(self) -> list[str]:
        """Return it for a person."""
        c = self.connection
        rows = [("kind", c.kind), *self.used.items(), ("authentication", self._authentication())]
        return [c.name, *(f"  {line}" for line in table(("", ""), rows, width=terminal_width(), keep=(0,))[1:])]

    def _authentication(self) -> str:
        c = self.connection
        if not c.vault_key:
            return "none"
        there = f"{self.hint}, {self.source}" if self.source else "not in the vault yet"
        return f"{c.vault_key} ({c.scope}): {there}"


def look(context: Context, connection: Connection) -> Seen:
    """Return what the connection would use; a value that cannot be read now is shown as ****."""
    vault = open_vault(context)
    entries = {(entry.key, entry.scope): entry for entry in vault.list()}
    key, scope = connection.vault_key, connection.scope
    entry = entries.get((key, scope))
    present = {name for name, _ in entries}
    found = {name: _hint(partial(vault.find, name)) for name in references_of(connection.fields) if name in present}
    used = {
        field: REFERENCE.sub(lambda match: found.get(match[1], match[0]), value)
        for field, value in connection.fields.items()
    }
    return Seen(
        connection,
        used,
        missing_keys(context, connection),
        entry.source if entry else "",
        _hint(partial(vault.get, key, scope)) if entry else "",
    )


def _hint(read: Callable[[], Any]) -> str:
    try:
        return masked(read().reveal())
    except Failed:
        return "****"
