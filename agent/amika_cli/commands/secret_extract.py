"""`amika secret extract`."""

from amika_cli.flags import Args, Flag

USAGE = "[--push] [FLAGS]"
TEXT = """Shows the credentials found on this machine, one line for each variable, values masked.
With --push they are stored as secrets, after a question, and kept in sync from then on; --once stores them as
they are now, and so does --homedir. `amika auth extract --explain` tells which file each was found in and why it won.

An OAuth token expires and is no API key: `amika secret claude push` and `amika secret codex push` store a login as
what it is; --no-oauth leaves OAuth tokens out here."""
FLAGS = (
    Flag("push", "", "store them"),
    Flag("once", "", "with --push: store them once, do not keep them in sync"),
    Flag("only", "A,B", "only these names", many=True),
    Flag("no-oauth", "", "leave OAuth tokens out"),
    Flag("homedir", "PATH", "look in this home instead of yours"),
    Flag("scope", "SCOPE", "user (only you, the default) or org (everyone in it)", choices=("user", "org")),
    Flag("yes", "", "store without asking", short="y"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Show what was found; store it with --push."""
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_cli.secrets import found
    from amika_cli.secrets.keeping import keep
    from amika_cli.secrets.storing import scope_of, store_items

    with Context(args) as context:
        discovery = context.discover(oauth=not args.has("no-oauth"))
        for problem in discovery.problems:
            note(f"warning: {problem.message}" + (f". {problem.remedy}" if problem.remedy else ""))
        variables = found.selected(found.documented(discovery), args.all("only"))
        if not args.has("push"):
            found.show_table(context, variables)
            return 0
        if not variables:
            emit(args, {"done": [], "left": []}, ["Nothing was found that could be stored."])
            return 0
        found.warn_about_oauth(context, variables)
        if context.profile.confined:
            note("Another home is not watched: they are stored once, and not kept in sync.")
        if args.has("once") or context.profile.confined:
            return store_items(context, found.items(variables), scope_of(context))
        return keep(context, variables, scope_of(context), discovery)
