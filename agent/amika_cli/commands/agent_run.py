"""`amika agent run`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = "Runs the agent in this terminal until Ctrl-C. Service managers call it; `amika agent start` detaches it."
FLAGS = (
    Flag("homedir", "PATH", "look at another home"),
    Flag(
        "log-level",
        "LEVEL",
        "how much is logged: debug, info (default), warning or error",
        choices=("debug", "info", "warning", "error"),
    ),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Be the agent."""
    from amika_agent import main
    from amika_cli.homedir import homedir

    return main.run(local=args.local, homedir=homedir(args), log_level=args.get("log-level") or None)
