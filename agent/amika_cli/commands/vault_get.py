"""`amika vault get KEY`."""

from amika_cli.flags import Args, Flag
from amika_cli.vault.opening import SCOPE

USAGE = "KEY [--reveal | --copy] [--scope workspace|tenant]"
TEXT = """
Shows a secret of the vault masked, where it is and since when. --reveal prints the value itself; --copy puts it
into the clipboard and takes it out again after 45 seconds, if it is still there.

Both work on a terminal only, so that no program gets a value unseen, and both are noted in `amika activity`.
Programs get values through `amika run` (${vault:KEY} in a variable), or when you allow it for all of them:
  amika config set vault.reveal_without_terminal true"""
FLAGS = (
    Flag("reveal", "", "print the value"),
    Flag("copy", "", "copy the value to the clipboard, for 45 seconds"),
    SCOPE,
)
WORDS = (1, 1)


def run(args: Args) -> int:
    """Show, print or copy one secret."""
    from amika_cli.context import Context
    from amika_cli.vault import revealing
    from amika_cli.vault.opening import key_of, open_vault, scope_of
    from amika_local.errors import UsageError

    if args.has("reveal") and args.has("copy"):
        raise UsageError("--reveal and --copy exclude each other")
    with Context(args) as context:
        key, scope = key_of(context), scope_of(args)
        if args.has("reveal") or args.has("copy"):
            revealing.require_person(context)
        vault = open_vault(context)
        value = vault.get(key, scope)
        entry = next(found for found in vault.list(scope) if found.key == key)
        if args.has("copy"):
            revealing.copy(context, entry, value)
        elif args.has("reveal"):
            revealing.reveal(context, entry, value)
        else:
            revealing.show_masked(context, entry, value)
    return 0
