"""The vault's entries as they are shown; the same for `vault list` and `secrets list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amika_cli.render import ago, table, terminal_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amika_agent.stores.vault import Listed
    from amika_cli.context import Context


def as_json(entry: Listed) -> dict[str, Any]:
    """Return an entry as a JSON object; `stored_at` in epoch seconds."""
    return {"key": entry.key, "scope": entry.scope, "source": entry.source, "stored_at": entry.stored_at}


def lines(context: Context, entries: Sequence[dict[str, Any]]) -> list[str]:
    """Return the table for a person."""
    if not entries and context.args.has("scope"):
        return [f"Nothing is in the {context.args.get('scope')} scope of the vault."]
    if not entries:
        return [f"The vault is empty. `{context.command('vault put KEY')}` stores a secret."]
    now = context.clock.now()
    rows = [
        (str(e.get("key")), str(e.get("scope")), str(e.get("source")), ago(_moment(e.get("stored_at")), now))
        for e in entries
    ]
    return table(("KEY", "SCOPE", "WHERE", "STORED"), rows, width=terminal_width(), keep=(0, 1, 2))


def _moment(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
