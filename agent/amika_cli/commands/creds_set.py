"""`amika creds set KEY`."""

from amika_cli.flags import Args, Flag
from amika_cli.vault.opening import EXACT, SCOPE

USAGE = "KEY [--stdin] [--scope workspace|tenant]"
TEXT = """Stores a provider's key in the vault, guided: says who needs it and where it is made, then asks for the value
(not shown), or takes it from stdin with --stdin. `amika creds check` then finds it.

  amika creds set OPENAI_API_KEY
  amika creds set GITHUB_TOKEN --stdin < token.txt"""
FLAGS = (Flag("stdin", "", "take the value from stdin instead of asking"), SCOPE, EXACT)
WORDS = (1, 2)


def run(args: Args) -> int:
    """Explain the key, ask for it, store it."""
    from amika_cli.context import Context
    from amika_cli.render import emit, note
    from amika_cli.terminal.terminal_input import unseen
    from amika_cli.vault import creds_setting
    from amika_cli.vault.opening import given_value, key_of, open_vault, record, scope_of

    with Context(args) as context:
        key, scope = key_of(context), scope_of(args)
        creds_setting.require_source(context, key)
        if not creds_setting.explain(context, key):
            note("Nothing was stored.")
            return 0
        with unseen(typed=True):  # the passphrase may be asked for next, and typed ahead
            value = given_value(context, key)
            creds_setting.check(key, value)
            source = open_vault(context).put(key, value, scope)
        record(context, "stored", key, scope, f"in the vault: {source}")
        text = [f"Stored {key} ({scope}) in the vault: {source}.", *creds_setting.next_step(context, key)]
        emit(args, {"key": key, "scope": scope, "source": source}, text)
    return 0
