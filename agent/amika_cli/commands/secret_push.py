"""`amika secret push`."""

from amika_cli.flags import Args, Flag

USAGE = "[KEY[=VALUE]]… [FLAGS]"
TEXT = """Stores secrets: those that exist in that scope get the new value, others are created. What will happen
is shown first, values masked, and asked for. If some cannot be stored, running it again finishes the rest.

A name given twice: --from-file is overridden by KEY=VALUE, and both by --from-env.
KEY without a value is asked for, on a terminal, and not shown.
--from-file reads KEY=VALUE lines; a value is taken as it stands, quotes and all; # starts a comment line.

  amika secret push --from-env GROQ_API_KEY,DATABASE_URL
  amika secret push --from-file .env --yes
  pass show groq | sed 's/^/GROQ_API_KEY=/' | amika secret push --from-file - --yes"""
FLAGS = (
    Flag("from-env", "A,B", "take these variables from the environment", many=True),
    Flag("from-file", "PATH", "take KEY=VALUE lines from a file, or from stdin with -"),
    Flag("scope", "SCOPE", "user (only you, the default) or org (everyone in it)", choices=("user", "org")),
    Flag("yes", "", "store without asking", short="y"),
)
WORDS = (0, -1)


def run(args: Args) -> int:
    """Gather the values, show, ask, store."""
    from amika_cli.context import Context
    from amika_cli.secrets.storing import given_items, scope_of, store_items

    with Context(args) as context:
        return store_items(context, given_items(context), scope_of(context))
