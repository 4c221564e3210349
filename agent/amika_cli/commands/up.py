"""`amika up`."""

from amika_cli.flags import Args, Flag

USAGE = "[--local] [--once] [FLAGS]"
TEXT = """The main job, in the foreground: starts the agent, and the menu-bar application where there is a screen, signs
you in, and shows live what is found, cached and pushed. Ctrl-C stops what it started, and nothing else.

--local needs no account: a local workspace on this machine stands in for Amika. It keeps a login and data of its
own, so a real login is never touched. --once does everything one time and exits.

  amika up --local                        try it
  amika up --local --yes --once -o json   one whole cycle on a machine without a screen"""
FLAGS = (
    Flag("once", "", "one full cycle, then exit"),
    Flag("yes", "", "with --local: approve the sign-in by itself", short="y"),
    Flag("no-tray", "", "do not start the menu-bar application"),
    Flag("homedir", "PATH", "look in this home instead of yours"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Do the main job until it is interrupted, or once."""
    from amika_cli.context import Context
    from amika_cli.terminal.interruption import interruptible

    with interruptible(), Context(args) as context:
        if args.has("once"):
            from amika_cli.up.once import once

            return once(context)
        from amika_cli.up.live import live

        return live(context)
