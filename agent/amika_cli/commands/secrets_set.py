"""`amika secrets set KEY`."""

from amika_cli.flags import Args
from amika_cli.vault.opening import EXACT, SCOPE

USAGE = "KEY [--scope workspace|tenant] < VALUE"
TEXT = """
Stores a secret in the vault through the running agent: for scripts on machines where the agent alone reaches the
keyring or knows the passphrase. Otherwise the same as `amika vault put`: the value comes on stdin or is typed, never
as an argument."""
FLAGS = (SCOPE, EXACT)
WORDS = (1, 2)


def run(args: Args) -> int:
    """Hand one secret to the agent."""
    from amika_cli.context import Context
    from amika_cli.render import emit
    from amika_cli.vault.opening import given_value, key_of, scope_of
    from amika_cli.vault.through_agent import ask, require_agent

    with Context(args) as context:
        key, scope = key_of(context), scope_of(args)
        require_agent(context)  # said before anybody types a value
        value = given_value(context, key)
        done = ask(context, "secret_put", {"key": key, "value": value.reveal(), "scope": scope})
        source = str(done.get("source", ""))
        emit(args, {"key": key, "scope": scope, "source": source}, [f"Stored {key} ({scope}) in the vault: {source}."])
    return 0
