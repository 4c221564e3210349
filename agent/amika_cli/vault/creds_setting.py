"""`creds set`: what is said about a key before and after it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amika_agent.akos import providers
from amika_agent.akos.creds import trouble
from amika_cli.render import note
from amika_cli.terminal.terminal_input import stdin_is_terminal
from amika_local.errors import UsageError

if TYPE_CHECKING:
    from amika_cli.context import Context
    from amika_local.secret import Secret


def require_source(context: Context, key: str) -> None:
    """Raise UsageError when neither a person can be asked nor stdin was meant."""
    args = context.args
    if not args.has("stdin") and not context.prompts.interactive:
        raise UsageError(
            f"this needs the value of {key}",
            remedy=f"Pass it on stdin: {context.command(f'creds set {key} --stdin')} < FILE",
        )
    if args.has("stdin") and stdin_is_terminal():
        raise UsageError("--stdin was given, but stdin is the terminal", remedy="Leave it out to be asked, or pipe.")


def explain(context: Context, key: str) -> bool:
    """Say who needs the key and where it is made; ask when nobody does. Return False when the person stops."""
    users = providers.needing(key)
    for provider in users:
        needs = "needs" if key in provider.required_keys else "takes"
        where = f"; it is made at {provider.docs_url}" if provider.docs_url else ""
        note(f"{provider.name} {needs} {key}{where}")
    if users:
        return True
    close = providers.nearest_key(key)
    note(f"warning: no provider needs {key}" + (f"; did you mean {close}?" if close else ""))
    return not context.prompts.interactive or context.prompts.confirm(f"Store {key} all the same?")


def check(key: str, value: Secret) -> None:
    """Refuse a placeholder; warn of what no key looks like.

    Raises:
        UsageError: it is no value, but what a template has in its place.

    """
    reason = trouble(key, value) if value.reveal().strip() and providers.needing(key) else ""
    if "placeholder" in reason:
        raise UsageError(f"what was given {reason}; nothing was stored", remedy="Give the key itself.")
    if reason:
        note(f"warning: the value of {key} {reason}")


def next_step(context: Context, key: str) -> list[str]:
    """Return the line about what else the provider needs, or about the check."""
    users = providers.needing(key)
    if not users:
        return []
    others = [name for name in users[0].required_keys if name != key]
    check_it = context.command(f"creds check --provider {users[0].id}")
    return [f"{users[0].name} also needs {', '.join(others)}." if others else f"Check it: {check_it}"]
