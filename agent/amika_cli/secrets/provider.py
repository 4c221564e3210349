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
    """Return [{"id","name","type","scope","rule"}]: the stored credentials, without values; `rule` is an id or None."""
    through = context.through_agent
    kept = None if through is None else through.list_kept(provider)
    if kept is not None:
        return kept
    found = context.api.list_provider(provider)
    rules = rules_by_secret(context, provider)
    return [{**vars(secret), "rule": rules.get((secret.name, secret.scope)) or None} for secret in found]


def rules_by_secret(context: Context, provider: str) -> dict[tuple[str, str], str]:
    """Return (name, scope) → id of the rule that keeps this remote secret in sync; does not create the database."""
    if not os.path.exists(context.profile.sync_db):
        return {}
    rules = context.db.rules(context.account.text)
    return {(rule.name, rule.scope): rule.id for rule in rules if rule.provider == provider}
