"""`amika secrets list`."""

from amika_cli.flags import Args
from amika_cli.vault.opening import SCOPE

USAGE = "[--scope workspace|tenant]"
TEXT = """Lists the secrets of the vault through the running agent: names, scopes, where, since when. Never a value.
`amika vault list` does the same without an agent; `amika secret list` lists what is stored at Amika."""
FLAGS = (SCOPE,)
WORDS = (0, 0)


def run(args: Args) -> int:
    """List names."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.vault.report import lines
    from amika_cli.vault.through_agent import ask

    with Context(args) as context:
        answer = ask(context, "secret_list", {"scope": args.get("scope")}).get("secrets")
        found = [entry for entry in answer if isinstance(entry, dict)] if isinstance(answer, list) else []
        emit(args, found, lines(context, found))
    return 0
