"""`amika vault put KEY`."""

from amika_cli.flags import Args
from amika_cli.vault.opening import EXACT, SCOPE

USAGE = "KEY [--scope workspace|tenant] < VALUE"
TEXT = """Stores a secret in the vault: in the keyring of this machine, or sealed in a file where there is none.

The value is typed (not shown) or comes on stdin, never as an argument. Any bytes up to 64 KiB are kept as they are,
several lines too; only the line break that `echo` adds to a single line is left off, unless --exact. A stored
value is replaced. Without a keyring the vault asks for a passphrase, or reads it from the file that
AMIKA_VAULT_PASSPHRASE_FILE names.

  amika vault put GITHUB_TOKEN
  amika vault put DEPLOY_KEY < deploy.pem"""
FLAGS = (SCOPE, EXACT)
WORDS = (1, 2)


def run(args: Args) -> int:
    """Store one secret."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.terminal.terminal_input import unseen
    from amika_cli.vault.opening import given_value, key_of, open_vault, record, scope_of

    with Context(args) as context:
        key, scope = key_of(context), scope_of(args)
        with unseen(typed=True):  # the passphrase may be asked for next, and typed ahead
            source = open_vault(context).put(key, given_value(context, key), scope)
        record(context, "stored", key, scope, f"in the vault: {source}")
        emit(args, {"key": key, "scope": scope, "source": source}, [f"Stored {key} ({scope}) in the vault: {source}."])
    return 0
