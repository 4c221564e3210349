"""`amika status`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = """Shows who is signed in, every credential found and when it expires, the env cache, what is kept in sync,
what is waiting, and each problem with what to do about it. With a running agent it shows what the agent knows;
without one it looks itself, asks no server and writes nothing."""
FLAGS = (Flag("homedir", "PATH", "look in this home instead of yours"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Show the present facts."""
    from amika_cli.context import Context
    from amika_cli.present import agent_line, present
    from amika_cli.render import emit, terminal_width
    from amika_cli.status_text import status_lines

    with Context(args) as context:
        snapshot, told = present(context)
        now = context.clock.now()
        lines = status_lines(snapshot, agent_line(context, told), now, context.short, terminal_width())
        emit(args, {**snapshot, "agent": told}, [context.typed(line) for line in lines])
        return 0
