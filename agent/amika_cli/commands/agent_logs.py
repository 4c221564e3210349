"""`amika agent logs`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = "Shows the end of the agent's log. It holds no values."
FLAGS = (
    Flag("lines", "N", "how many lines (default 50)", short="n"),
    Flag("follow", "", "go on showing new lines until Ctrl-C", short="f"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print the last lines of the log."""
    from amika_agent.logs import follow, tail
    from amika_cli.context import Context
    from amika_cli.render import emit, note, show
    from amika_local.errors import UsageError

    count = args.get("lines", "50")
    if not (count.isascii() and count.isdigit() and len(count) <= 6):
        raise UsageError("--lines must be a whole number", remedy="For example --lines 200.")
    with Context(args) as context:
        path = context.profile.agent_log
        lines = tail(path, int(count))
        if not lines:
            note(f"{context.short(path)} has no lines yet")
        emit(args, {"path": path, "lines": lines}, lines)
        if args.has("follow"):
            for line in follow(path, context.clock):
                show([line])
    return 0
