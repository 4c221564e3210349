"""`amika vault delete KEY`."""

from amika_cli.flags import Args, Flag
from amika_cli.vault.opening import SCOPE

USAGE = "KEY [--scope workspace|tenant] [--yes]"
TEXT = """Deletes a secret from the vault, for good. It asks first, and names the connections that use the key."""
FLAGS = (SCOPE, Flag("yes", "", "delete without asking", short="y"))
WORDS = (1, 1)


def run(args: Args) -> int:
    """Delete one secret."""
    from amika_agent.stores.connections import Connections, connections_path
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_cli.vault.opening import key_of, open_vault, record, scope_of

    with Context(args) as context:
        key, scope = key_of(context), scope_of(args)
        vault = open_vault(context)
        vault.require(key, scope)
        users = Connections(connections_path(context.profile.data_dir), context.clock).using(key)
        if users:
            note(f"warning: used by the connections {', '.join(users)}")
        if not context.prompts.confirm(f"Delete {key} ({scope}) from the vault?"):
            note("Nothing was deleted.")
            return 0
        vault.delete(key, scope)
        record(context, "deleted", key, scope, "from the vault")
        emit(args, {"key": key, "scope": scope, "deleted": True}, [f"Deleted {key} ({scope}) from the vault."])
    return 0
