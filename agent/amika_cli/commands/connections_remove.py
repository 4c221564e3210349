"""`amika connections remove NAME`."""

from amika_cli.flags import Args

USAGE = "NAME"
TEXT = (
    "Forgets a connection. The secret that it uses stays in the vault; it is named, with the command that deletes it."
)
FLAGS = ()
WORDS = (1, 1)


def run(args: Args) -> int:
    """Remove one connection."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.vault.connecting import missing_keys, store
    from amika_cli.vault.opening import record

    with Context(args) as context:
        gone = store(context).remove(args.words[0])
        record(context, "deleted", gone.name, "connection", f"kind {gone.kind}")
        lines = [f"Removed the {gone.kind} connection {gone.name}."]
        if gone.vault_key and gone.vault_key not in missing_keys(context, gone):
            scope = "" if gone.scope == "workspace" else f" --scope {gone.scope}"
            lines.append(
                f"{gone.vault_key} stays in the vault ({context.command(f'vault delete {gone.vault_key}')}{scope})."
            )
        emit(args, {"name": gone.name, "kind": gone.kind, "kept_key": gone.vault_key or None}, lines)
    return 0
