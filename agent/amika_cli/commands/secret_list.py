"""`amika secret list`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = """Lists your stored secrets: names, scopes and times. Values can be stored and replaced, never read back.
Claude and Codex credentials have lists of their own: `amika secret claude list`, `amika secret codex list`."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """List the generic secrets of the account."""
    from amika_cli.context import Context
    from amika_cli.render import ago, emit, table, terminal_width
    from amika_local.rfc3339 import parse

    with Context(args) as context:
        now = context.clock.now()
        found = sorted(context.api.list_generic(), key=lambda secret: (secret.name, secret.scope))
        rows = [
            (s.name, s.scope, *(ago(parse(t), now) or t for t in (s.created_at, s.updated_at)), s.id) for s in found
        ]
        text = table(
            ("NAME", "SCOPE", "CREATED", "UPDATED", "ID"), rows, width=terminal_width(), keep=(0, 1, 2, 3), below=(4,)
        )
        empty = [f"No secrets are stored. `{context.command('secret push')}` stores some."]
        emit(args, [dict(vars(secret)) for secret in found], text if rows else empty)
        return 0
