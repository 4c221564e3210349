"""`amika connections list`."""

from amika_cli.flags import Args, Flag

USAGE = "[--kind KIND]"
TEXT = "Lists the connections: name, kind, vault key, and whether the vault has all that they use."
FLAGS = (Flag("kind", "KIND", "only this kind"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print the table."""
    from amika_agent.akos.connection_fields import kind_of
    from amika_cli.context import Context
    from amika_cli.render import ago, emit, table, terminal_width
    from amika_cli.vault.connecting import missing_keys, store

    with Context(args) as context:
        wanted = kind_of(args.get("kind")).name if args.has("kind") else ""
        found = [c for c in store(context).list() if wanted in ("", c.kind)]
        missing = {c.name: missing_keys(context, c) for c in found}
        now = context.clock.now()
        rows = [
            (
                c.name,
                c.kind,
                c.vault_key or "none",
                f"missing: {', '.join(missing[c.name])}" if missing[c.name] else "ready",
                ago(c.created_at, now),
            )
            for c in found
        ]
        value = [
            {
                "name": c.name,
                "kind": c.kind,
                "vault_key": c.vault_key or None,
                "missing_keys": missing[c.name],
                "created_at": c.created_at,
            }
            for c in found
        ]
        lines = table(("NAME", "KIND", "VAULT KEY", "STATE", "ADDED"), rows, width=terminal_width(), keep=(0, 1, 2))
        empty = [f"There are no connections. `{context.command('connections add')}` lists the kinds."]
        emit(args, value, lines if rows else empty)
    return 0
