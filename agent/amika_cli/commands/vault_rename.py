"""`amika vault rename KEY NEW`."""

from amika_cli.flags import Args
from amika_cli.vault.opening import SCOPE

USAGE = "KEY NEW [--scope workspace|tenant]"
TEXT = """Gives a secret of the vault another name. The old name goes only when the value is stored under the new one.
A name that is taken is refused. Connections that use the old name are named: they keep it until you change them."""
FLAGS = (SCOPE,)
WORDS = (2, 2)


def run(args: Args) -> int:
    """Rename one secret."""
    from amika_agent.stores.connections import Connections, connections_path
    from amika_agent.stores.vault import checked_key
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_cli.vault.opening import open_vault, record, scope_of

    with Context(args) as context:
        key, new, scope = checked_key(args.words[0]), checked_key(args.words[1]), scope_of(args)
        open_vault(context).rename(key, new, scope)
        record(context, "renamed", key, scope, f"to {new}")
        users = Connections(connections_path(context.profile.data_dir), context.clock).using(key)
        if users:
            note(f"warning: the connections {', '.join(users)} still name {key}")
        emit(args, {"key": new, "was": key, "scope": scope}, [f"{key} is now {new} ({scope})."])
    return 0
