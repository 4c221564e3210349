"""`amika agent start`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = "Starts the agent in the background and returns once it answers. It outlives the terminal."
FLAGS = (Flag("homedir", "PATH", "look at another home"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Start the agent, or say that it runs."""
    from amika_agent import process
    from amika_cli.homedir import homedir
    from amika_cli.render import emit

    started = process.start(local=args.local, homedir=homedir(args))
    line = f"The agent {'is already running' if started.already else 'is running'} (pid {started.pid})."
    emit(args, {"running": True, "pid": started.pid, "already": started.already}, [line])
    return 0
