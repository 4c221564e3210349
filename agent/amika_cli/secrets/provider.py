"""What the commands about Claude's and Codex's stored credentials share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from amika_local.errors import NotFound

if TYPE_CHECKING:
    from amika_agent.stores.amika_api import RemoteSecret
    from amika_cli.context import Context
    from amika_cli.flags import Args

TITLES = {"claude": "Claude", "codex": "Codex"}


def provider_of(args: Args) -> str:
    """Return "claude" or "codex": the second word of the command."""
    return args.command.split()[1]


def listed(context: Context, provider: str, secret_id: str) -> RemoteSecret:
    """Return the stored credential with this id.

    Raises:
        NotFound: there is none; says the id when a name was given.

    """
    found = context.api.list_provider(provider)
    for secret in found:
        if secret.id == secret_id:
            return secret
    ids = [secret.id for secret in found if secret.name == secret_id]
    hint = f"That is a name; its id is {ids[0]}." if ids else ""
    remedy = hint or f"`{context.command(f'secret {provider} list')}` shows the ids."
    raise NotFound(f"there is no {TITLES[provider]} credential with this id", remedy=remedy)


def stored(context: Context, provider: str) -> list[dict[str, Any]]:
    """Return [{"id","name","type","scope","rule"}]: the stored credentials, without values; `rule` is an id or None.

    The running agent is asked first: it has the connection open, and the modules in memory.
    """
    told = _told_by_the_agent(context, provider)
    if told is not None:
        return told
    found = context.api.list_provider(provider)
    rules = rules_by_secret(context, provider)
    return [{**vars(secret), "rule": rules.get((secret.name, secret.scope)) or None} for secret in found]


def _told_by_the_agent(context: Context, provider: str) -> list[dict[str, Any]] | None:
    """Return what the agent says; None when it cannot say it, or speaks for another account than this process would."""
    from amika_shared.client import AgentError

    if any(name.startswith("AMIKA_") for name in context.account_env) or context.agent is None:
        return None
    if "secrets" not in context.agent.hello.get("features", []):
        return None
    try:
        told = context.agent.call("secrets", {"provider": provider}).get("secrets")
    except AgentError:
        return None  # whatever it is, this process finds out for itself and says it
    fields = ("id", "name", "type", "scope")
    if not isinstance(told, list) or any(
        not isinstance(s, dict) or any(not isinstance(s.get(field), str) for field in fields) for s in told
    ):
        return None
    return [{**{field: s[field] for field in fields}, "rule": s.get("rule") or None} for s in told]


def rules_by_secret(context: Context, provider: str) -> dict[tuple[str, str], str]:
    """Return (name, scope) → id of the rule that keeps this remote secret in sync; does not create the database."""
    if not os.path.exists(context.profile.sync_db):
        return {}
    rules = context.db.rules(context.account.text)
    return {(rule.name, rule.scope): rule.id for rule in rules if rule.provider == provider}
