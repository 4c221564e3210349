"""`amika run -- CMD…`."""

from amika_cli.flags import Args, Flag

USAGE = "[--only A,B] -- COMMAND [ARGUMENT]…"
TEXT = """Runs a command with the credentials found on this machine in its environment, and nowhere else. It exits with
the command's exit code.

An OAuth token is passed under its own name (CLAUDE_CODE_OAUTH_TOKEN), never as an API key. ANTHROPIC_API_KEY is
withheld where Claude Code is signed in with a subscription, because it would be billed by use; --only names it all
the same. A variable you have set yourself is kept. In a project that you allowed (`amika allow`) the variables of
its .amika/config.toml are filled too, with credentials and with secrets of the vault.

A variable that holds ${vault:KEY} gets that secret of the vault in its place, for this command only.

  amika run -- npm test
  amika run --only GROQ_API_KEY -- python bot.py
  DATABASE_URL='postgres://app:${vault:DB_PASSWORD}@db/shop' amika run -- ./migrate"""
FLAGS = (
    Flag("only", "A,B", "pass only these", many=True),
    Flag("homedir", "PATH", "look in this home instead of yours"),
)
WORDS = (0, -1)
REST = True


def run(args: Args) -> int:
    """Become the command."""
    import os
    import sys

    from amika_cli.children import environment, project
    from amika_cli.children.executing import become
    from amika_cli.children.vault_lookup import Lookup, plain_values
    from amika_cli.context import Context
    from amika_cli.render import note
    from amika_cli.secrets import found
    from amika_local.errors import UsageError

    if args.words or not args.rest:
        what = "the command stands before the two dashes" if args.words else "there is no command to run"
        raise UsageError(what, remedy="Write it after two dashes: amika run -- COMMAND")
    with Context(args) as context:
        discovery = context.discover()
        names = found.names_of(args.all("only"))
        wanted, remark = project.trusted(".", context.profile.data_dir)
        lookup = Lookup(context)
        child = environment.for_child(discovery, context.env, args.rest, names, wanted, lookup.named)
        values = plain_values({**lookup.in_environment(context.env), **child.variables})
        lookup.note_use(os.path.basename(args.rest[0]))
        # on a machine that uses nothing else of ours, running a command writes nothing
        if child.variables and os.path.exists(context.profile.activity_db):
            to = f"given to {os.path.basename(args.rest[0])} in its environment"
            context.diary.note("revealed", ", ".join(sorted(child.variables)), to)
        for line in [remark, *(child.remarks if sys.stderr.isatty() else [])]:
            if line:
                note(f"amika: {line}")
        env = {**context.env, **values}
    return become(args.rest, env)
