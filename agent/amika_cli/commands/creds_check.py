"""`amika creds check`."""

from amika_cli.flags import Args, Flag
from amika_cli.vault.creds_choice import FLAGS as CHOICE

USAGE = "[--provider ID]… [--kind KIND]… [--secrets-file FILE] [--env-only]"
TEXT = """
Checks which providers of AKOS have their keys. It looks in the environment, in the file of --secrets-file, in the
vault, and at what other programs of this machine are signed in with, in this order. Values are never printed.

ok: all there. missing: a key is nowhere, or empty. invalid: it is there but cannot be a key (a placeholder, several
lines). skipped: needs the network, with --air-gap. Exit 0 when nothing is missing, 7 when something is, 2 for an
unknown provider or kind and for a file that cannot be read.

  amika creds check --provider openai --provider github
  amika creds check --env-only --secrets-file .env"""
FLAGS = (
    *CHOICE,
    Flag("secrets-file", "FILE", "also look in this file of KEY=VALUE lines (- for stdin)"),
    Flag("env-only", "", "look in the environment and that file only, not in the vault or elsewhere"),
    Flag("env-prefix", "PREFIX", "a variable PREFIX + KEY counts before KEY (default: AGENTSKITOS_)"),
    Flag("air-gap", "", "skip providers that need the network"),
)
WORDS = (0, 0)


def run(args: Args) -> int:
    """Check, print, and raise MissingKey when something is missing."""
    from amika_agent.akos.creds import INVALID, MISSING, check
    from amika_cli.context import Context
    from amika_cli.render import emit, table, terminal_width
    from amika_cli.vault import creds_places
    from amika_cli.vault.creds_choice import chosen
    from amika_local.errors import MissingKey

    providers = chosen(args)
    with Context(args) as context:
        places = creds_places.places(context)
        command = None if args.has("env-only") else context.command
        checks = check(providers, places, air_gap=args.has("air-gap"), command=command)
        rows = [(c.provider.id, c.status, creds_places.detail(c)) for c in checks]
        lines = table(("PROVIDER", "STATUS", "KEYS"), rows, width=terminal_width(), keep=(0, 1), below=(2,))
        emit(args, [c.as_json() for c in checks], lines if rows else ["No provider is left."])
        lacking = [c for c in checks if c.status in (MISSING, INVALID)]
        if lacking:
            first = lacking[0]
            more = f" The others: {context.command('creds guide')}" if len(lacking) > 1 else ""
            raise MissingKey(
                f"without a usable key: {', '.join(c.provider.id for c in lacking)}",
                remedy=f"{first.remediation}.{more}",
            )
    return 0
