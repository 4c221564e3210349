"""What a connection uses of the vault, and what of that is not there. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from amika_agent.akos.connection_fields import references_of
from amika_agent.stores.connections import Connection
from amika_agent.stores.vault import Listed


def missing_keys(connection: Connection, entries: Iterable[Listed]) -> list[str]:
    """Return the keys that the connection uses and the vault does not have, each once.

    Its authentication is looked for in its own scope, a reference in a field in both.
    """
    present = {(entry.key, entry.scope) for entry in entries}
    anywhere = {key for key, _ in present}
    missing = [key for key in references_of(connection.fields) if key not in anywhere]
    if connection.vault_key and (connection.vault_key, connection.scope) not in present:
        missing.insert(0, connection.vault_key)
    return list(dict.fromkeys(missing))
