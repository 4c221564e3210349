"""`amika vault list`."""

from amika_cli.flags import Args
from amika_cli.vault.opening import SCOPE

USAGE = "[--scope workspace|tenant]"
TEXT = """Lists the secrets of the vault: names, scopes, where each value is, since when. Never a value.

WHERE is os-keychain (the keyring of this machine) or encrypted-file (sealed in the vault's own file). The scopes
workspace and tenant keep keys of the same name apart; both are on this machine."""
FLAGS = (SCOPE,)
WORDS = (0, 0)


def run(args: Args) -> int:
    """List names."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.vault.opening import open_vault
    from amika_cli.vault.report import as_json, lines

    with Context(args) as context:
        found = [as_json(entry) for entry in open_vault(context).list(args.get("scope") or None)]
        emit(args, found, lines(context, found))
    return 0
