"""`amika allow`."""

from amika_cli.flags import Args, Flag

USAGE = "[DIRECTORY] [--remove]"
TEXT = """Trusts this project's .amika/config.toml: from then on `amika run`, started at or below it, also fills the
variables of its [secrets] table with the credentials of that name on this machine. The trust is for the file as
it is now; when it changes, you are asked again. A repository you cloned chooses nothing before you allow it."""
FLAGS = (
    Flag("remove", "", "stop trusting it"),
    Flag("yes", "", "allow without asking", short="y"),
)
WORDS = (0, 1)


def run(args: Args) -> int:
    """Show what the file asks for, ask, remember the answer."""
    from amika_cli.children import project
    from amika_cli.context import Context
    from amika_cli.render import clean, emit, note, show, table, terminal_width
    from amika_local.errors import NotFound

    wanted = project.find(args.words[0] if args.words else ".")
    if wanted is None:
        raise NotFound(
            "there is no .amika/config.toml with a [secrets] table here or above",
            remedy="Go to the project, or name its directory: amika allow DIRECTORY",
        )
    with Context(args) as context:
        trust = project.trust_file(context.profile.data_dir)
        if args.has("remove"):
            removed = project.forbid(trust, wanted.path)
            line = "is no longer trusted" if removed else "was not trusted"
            emit(args, {"path": wanted.path, "allowed": False}, [f"{wanted.path} {line}"])
            return 0
        rows = sorted(wanted.secrets.items())
        if args.output == "text":
            show([clean(wanted.path), "", *table(("VARIABLE", "IS FILLED WITH"), rows, width=terminal_width()), ""])
        if not project.is_allowed(trust, wanted):
            if not context.prompts.confirm("Let `amika run` fill these here?"):
                note("Nothing was changed.")
                return 0
            project.allow(trust, wanted)
        emit(args, {"path": wanted.path, "allowed": True, "secrets": wanted.secrets}, [f"{wanted.path} is trusted"])
        return 0
