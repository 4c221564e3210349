"""`amika agent uninstall`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = "Undoes `amika agent install`: the agent is not started at login any more. One that runs now goes on."
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """Remove the file and say so."""
    import os

    from amika_cli.programs import agent_path
    from amika_cli.render import emit
    from amika_cli.setup.login_start import chosen, tell_systemd, uninstall

    start = chosen(os.environ, agent_path(), ["--local"] if args.local else [])
    removed = uninstall(start)
    tell_systemd(start)
    line = f"Removed {start.path}; the agent starts at login no more." if removed else "Nothing of ours is installed."
    emit(args, {"kind": start.kind, "path": start.path, "removed": removed}, [line])
    return 0
