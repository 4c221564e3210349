"""`amika tray`."""

from amika_cli.flags import Args

USAGE = "[FLAGS]"
TEXT = "Starts the menu-bar application in this terminal; Ctrl-C ends it. It starts the agent when none runs."
FLAGS = ()
WORDS = (0, 0)


def run(args: Args) -> int:
    """Become amika-tray."""
    import os

    from amika_cli.programs import tray_command
    from amika_local.errors import Failed

    command = tray_command(local=args.local)
    if command is None:
        raise Failed(
            "the menu-bar application is not installed",
            remedy="Install it with its extra: pip install 'amika-desktop[tray]'. Everything else works without it.",
        )
    os.execv(command[0], command)  # noqa: S606 -- a fixed program of ours
    return 0
