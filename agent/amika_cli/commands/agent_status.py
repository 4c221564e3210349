"""`amika agent status`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = (
    "Tells whether the agent runs, since when, and whether commands of this shell go through it. Exit 4 if none runs,\n"
    "5 if one runs that does not answer."
)
FLAGS = (Flag("homedir", "PATH", "compare with another home"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print the agent's own account of itself."""
    from amika_agent import process
    from amika_cli.context import Context
    from amika_cli.homedir import homedir
    from amika_cli.render import ago, emit
    from amika_local.errors import Failed, NotFound

    with Context(args) as context:
        found = process.status(local=args.local, homedir=homedir(args))
        if not found and context.reached.code == "silent":
            reached = context.reached
            if args.output != "text":
                emit(args, {"running": True, "pid": reached.pid, "usable": False, "reason": reached.reason}, [])
            raise Failed(
                f"{reached.reason} (pid {reached.pid})",
                remedy=f"End it and start anew: {context.command('agent restart')}",
            )
        if not found:
            if args.output != "text":
                emit(args, {"running": False}, [])
            raise NotFound("no agent is running", remedy=f"Start it: {context.command('agent start')}")
        started = found["started"]
        since = ago(started, context.clock.now()) if isinstance(started, int | float) else "?"
        lines = [
            f"The agent is running (pid {found['pid']}, build {found['build']}), started {since}.",
            f"log: {context.short(context.profile.agent_log)}",
        ]
        if not found["usable"]:
            lines.append(f"Commands of this shell work without it: {found['reason']}.")
        emit(args, found, lines)
    return 0
