"""`amika secret claude list` and `amika secret codex list`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = """Lists the stored credentials of this coding agent: names, types and scopes. Values are never shown.
KEPT IN SYNC names the rule that keeps a credential equal to what is on this machine."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """List the provider secrets of the account."""
    from amika_cli.context import Context
    from amika_cli.render import emit, table, terminal_width
    from amika_cli.secrets.provider import provider_of, stored

    provider = provider_of(args)
    with Context(args) as context:
        found = stored(context, provider)
        rows = [(s["id"], s["name"], s["type"], s["scope"], s["rule"] or "") for s in found]
        heads = ("ID", "NAME", "TYPE", "SCOPE", "KEPT IN SYNC")
        text = table(heads, rows, width=terminal_width(), keep=(0, 1))
        empty = [f"None is stored. `{context.command(f'secret {provider} push')}` stores one."]
        emit(args, found, text if rows else empty)
        return 0
