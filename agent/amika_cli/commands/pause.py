"""`amika pause`."""

from amika_cli.flags import Args

USAGE = "[DURATION]"
TEXT = """Pauses everything: nothing is written and nothing is pushed, by the agent or by commands, until the time is
over or `amika resume` ends it. It survives a restart. A replacement that is open ends first; what its owner has
revoked is still taken out of the env cache, and your login is kept alive. DURATION is like 30m, 1h or 2d; without one
the pause lasts until it is ended. `amika sync pause RULE` pauses one rule."""
FLAGS = ()
WORDS = (0, 1)


def run(args: Args) -> int:
    """Pause for a time or until resumed."""
    from amika_cli import duration
    from amika_cli.context import Context
    from amika_cli.rules.pausing import pause

    with Context(args) as context:
        return pause(context, duration.seconds(args.words[0]) if args.words else None)
