"""`amika sync`."""

from amika_cli.flags import Args, Flag

USAGE = "[--dry-run] [FLAGS]"
TEXT = """Brings everything up to date now: reads the credential files, renews the session when it is due, updates the
env cache and the stored secrets that are kept in sync. --dry-run shows what would happen and why, and changes
nothing. With a running agent the agent does it."""
FLAGS = (
    Flag("dry-run", "", "show the plan only"),
    Flag("homedir", "PATH", "look in this home instead of yours"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Reconcile, through the agent when there is one."""
    from amika_cli.context import Context
    from amika_cli.rules.syncing import dry_run, reconcile

    with Context(args) as context:
        return dry_run(context) if args.has("dry-run") else reconcile(context)
