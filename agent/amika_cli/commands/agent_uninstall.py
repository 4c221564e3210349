"""`amika agent uninstall`."""

from amika_cli.flags import Args

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_cli.context import Context

USAGE = "[FLAGS]"
TEXT = """Undoes `amika agent install`: the agent is not started at login any more. One that runs now goes on; when none
runs, our entries are taken out of the env cache, where they would only grow old."""
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """Remove the file and what the agent left in the env cache, and say so."""
    import os

    from amika_cli.context import Context
    from amika_cli.programs import agent_path
    from amika_cli.render import emit
    from amika_cli.setup.login_start import chosen, tell_systemd, uninstall

    start = chosen(os.environ, agent_path(), ["--local"] if args.local else [])
    removed = uninstall(start)
    tell_systemd(start)
    with Context(args) as context:
        gone = f"Removed {context.short(start.path)}; the agent starts at login no more."
        withdrawn, told = _withdrawn(context)
    line = gone if removed else "Nothing of ours is installed."
    emit(args, {"kind": start.kind, "path": start.path, "removed": removed, "withdrawn": withdrawn}, [line, *told])
    return 0


def _withdrawn(context: "Context") -> tuple[list[str], list[str]]:
    """Take our entries out of the env cache; return their names and what to say.

    Raises:
        Failed: they are still there.

    """
    import os

    from amika_agent.sync import env_cache
    from amika_local.errors import Failed

    place = context.profile.env_cache
    if not (os.path.exists(place) and os.path.exists(context.profile.sync_db)):
        return [], []
    if context.agent is not None:
        stop = context.command("agent stop")
        return [], [f"The agent that runs goes on, and so does the env cache. To end both: {stop}, then this again."]
    result = env_cache.withdraw(place, context.db, context.clock)
    context.diary.cached(result)
    for problem in result.problems:
        raise Failed(problem.message, remedy=problem.remedy)
    names = list(result.removed)
    return names, [f"Taken out of {context.short(place)}: {', '.join(names)}."] if names else []
