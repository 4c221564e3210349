"""`amika resume`."""

from amika_cli.flags import Args

USAGE = ""
TEXT = """Ends a pause; the agent goes on with what has changed meanwhile. `amika sync resume RULE` is for one rule."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """End the pause."""
    from amika_cli.context import Context
    from amika_cli.rules.pausing import resume

    with Context(args) as context:
        return resume(context)
