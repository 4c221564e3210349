"""`amika agent restart`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = "Stops the agent, if one runs, and starts it again: after an update, or when it does not answer."
FLAGS = (Flag("homedir", "PATH", "look at another home"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Stop, then start."""
    from amika_agent import process
    from amika_cli.commands import agent_start

    process.stop(local=args.local)
    return agent_start.run(args)
