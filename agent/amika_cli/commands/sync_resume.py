"""`amika sync resume RULE`."""

from amika_cli.flags import Args

USAGE = "RULE"
TEXT = """Ends the pause of one rule; what has changed meanwhile is pushed."""
FLAGS = ()
WORDS = (1, 1)


def run(args: Args) -> int:
    """End the pause of one rule of the signed-in account."""
    from amika_cli.context import Context
    from amika_cli.rules.pausing import resume

    with Context(args) as context:
        return resume(context, args.words[0])
