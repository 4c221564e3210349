"""`amika sync forget RULE`."""

from amika_cli.flags import Args, Flag

USAGE = "RULE [--delete] | --everything"
TEXT = """Stops keeping a stored secret in sync. The secret itself stays as it is, unless --delete is given.
`amika sync rules` lists the rules.

--everything takes back all that this machine has pushed for this account: Claude and Codex credentials are deleted,
generic secrets, which cannot be deleted, are emptied, and all rules are removed. Our entries of the env cache go too,
and it stays off, unless --keep-env-cache is given."""
FLAGS = (
    Flag("delete", "", "delete what is stored too; a generic secret, which cannot be deleted, is emptied"),
    Flag("everything", "", "take back everything this machine has pushed"),
    Flag("keep-env-cache", "", "with --everything: leave the env cache on, and our entries in it"),
    Flag("yes", "", "with --everything: do not ask", short="y"),
)
WORDS = (0, 1)


def run(args: Args) -> int:
    """Remove one rule of the signed-in account, or all with what they have pushed."""
    from amika_cli.context import Context
    from amika_cli.rules.forgetting import forget_everything, forget_rule
    from amika_local.errors import UsageError

    if args.has("everything") == bool(args.words):
        raise UsageError("which rule?", remedy="Name one rule (`amika sync rules` lists them), or pass --everything.")
    if args.has("delete") and args.has("everything"):
        raise UsageError("--delete goes with one rule", remedy="--everything deletes by itself; leave --delete out.")
    if args.has("keep-env-cache") and not args.has("everything"):
        raise UsageError("--keep-env-cache goes with --everything", remedy="One rule has no part in the env cache.")
    with Context(args) as context:
        return forget_everything(context) if args.has("everything") else forget_rule(context, args.words[0])
