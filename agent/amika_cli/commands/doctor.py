"""`amika doctor`."""

from amika_cli.flags import Args, Flag

USAGE = "[FLAGS]"
TEXT = """Prints a report about this installation that is safe to paste into a bug report: versions, paths, which
sources were found, what is wrong, and every place on this machine that holds values. The report itself has no
values and no e-mail addresses, and no names of people, organizations, servers or home folders. It asks no server and
changes nothing, so "used" means that a credential was found and is preferred, not that its server accepts it."""
FLAGS = (Flag("homedir", "PATH", "look in this home instead of yours"),)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Gather and print the report."""
    from amika_cli.context import Context
    from amika_cli.render import emit, terminal_width
    from amika_cli.setup import doctoring

    with Context(args) as context:
        report = doctoring.report(context)
        emit(args, report, doctoring.lines(report, terminal_width()))
        return 0
