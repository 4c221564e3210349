"""`amika creds list`."""

from amika_cli.flags import Args, Flag
from amika_cli.vault.creds_choice import FLAGS as CHOICE

USAGE = "[--kind KIND]… [--provider ID]… [--air-gap]"
TEXT = """Lists the providers of AKOS: the keys that each needs, those it takes besides, and where a key is made.
`amika creds check` tells which of them are here."""
FLAGS = (*CHOICE, Flag("air-gap", "", "only providers that run on this machine"))
WORDS = (0, 0)


def run(args: Args) -> int:
    """Print the table of providers."""
    from amika_cli.render import emit, table, terminal_width
    from amika_cli.vault.creds_choice import chosen

    found = [p for p in chosen(args) if not (args.has("air-gap") and p.cloud)]
    rows = [(p.id, p.kind, ", ".join(p.required_keys) or "none", ", ".join(p.optional_keys), p.docs_url) for p in found]
    heads = ("PROVIDER", "KIND", "NEEDS", "TAKES", "KEYS ARE MADE AT")
    lines = table(heads, rows, width=terminal_width(), keep=(0, 1, 2), below=(4,))
    emit(args, [p.as_json() for p in found], lines if rows else ["No provider is left."])
    return 0
