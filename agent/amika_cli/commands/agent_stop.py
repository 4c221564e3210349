"""`amika agent stop`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = "Stops the agent. The env cache stays as it is and is not kept up to date any more."
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """Stop the agent; none running is fine."""
    import os

    from amika_agent import process
    from amika_cli.context import Context
    from amika_cli.render import emit

    stopped = process.stop(local=args.local)
    if not stopped:
        emit(args, {"stopped": False}, ["No agent is running."])
        return 0
    with Context(args) as context:
        path = context.profile.env_cache
        left = f" {context.short(path)} stays as it is: frozen from now on." if os.path.lexists(path) else ""
        lines = [f"The agent stopped.{left}", f"Start it again: {context.command('agent start')}"]
        emit(args, {"stopped": True, "env_cache": path}, lines)
    return 0
