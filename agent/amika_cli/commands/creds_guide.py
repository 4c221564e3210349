"""`amika creds guide`."""

from amika_cli.flags import Args
from amika_cli.vault.creds_choice import FLAGS as CHOICE

USAGE = "[--provider ID]… [--kind KIND]…"
TEXT = "Explains how to get the keys of each provider of AKOS, and how to store, check and use them."
FLAGS = CHOICE
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print the onboarding page."""
    from amika_cli.context import Context
    from amika_cli.folding import folded
    from amika_cli.render import emit, terminal_width
    from amika_cli.vault.creds_choice import chosen
    from amika_cli.vault.creds_page import lines

    with Context(args) as context:
        providers = chosen(args)
        page = "\n".join(lines(providers, context.command))
        emit(args, {"providers": [p.as_json() for p in providers]}, [folded(page, terminal_width())])
    return 0
