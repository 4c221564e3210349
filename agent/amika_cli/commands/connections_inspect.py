"""`amika connections inspect NAME`."""

from amika_cli.flags import Args

USAGE = "NAME"
TEXT = """
Shows what a connection would use: its fields with every ${vault:KEY} filled in, values masked, and whether the
vault has its key. Nothing is sent anywhere."""
FLAGS = ()
WORDS = (1, 1)


def run(args: Args) -> int:
    """Print one connection."""
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_cli.vault import inspecting
    from amika_cli.vault.connecting import store

    with Context(args) as context:
        seen = inspecting.look(context, store(context).get(args.words[0]))
        emit(args, seen.as_json(), seen.lines())
        for key in seen.missing:
            note(f"warning: the vault has no {key}. Store it: {context.command(f'vault put {key}')}")
    return 0
