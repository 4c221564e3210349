"""`amika sync pause RULE`."""

from amika_cli.flags import Args

USAGE = "RULE [DURATION]"
TEXT = """Pauses one rule: its secret is not touched until the time is over or `amika sync resume RULE` ends it.
DURATION is like 30m, 1h or 2d. `amika pause` pauses everything."""
FLAGS = ()
WORDS = (1, 2)


def run(args: Args) -> int:
    """Pause one rule of the signed-in account."""
    from amika_cli import duration
    from amika_cli.context import Context
    from amika_cli.rules.pausing import pause

    with Context(args) as context:
        return pause(context, duration.seconds(args.words[1]) if len(args.words) > 1 else None, args.words[0])
