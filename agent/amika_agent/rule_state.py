"""How a push rule, and a credential through its rule, stands to its remote secret. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amika_shared.redaction import plain, safe_line

if TYPE_CHECKING:
    from amika_agent.engine_remote import RemoteFacts
    from amika_agent.sync.rules import Rule
    from amika_local.credential import Credential

DONE = frozenset({"created", "replaced", "updated", "unchanged", "adopted", "finished", "deleted", "swept"})


def credential_sync(credential: Credential, remote: RemoteFacts, now: float) -> dict[str, Any]:
    """Return the `sync` of a credential in the snapshot."""
    rule = next((rule for rule in remote.rules if rule.takes(credential)), None)
    pushed = None if rule is None else remote.pushed.get(rule.id)
    state = "not_pushed" if rule is None else rule_state(rule, remote, now)
    if credential.expires_at is not None and credential.expires_at <= now:
        state = "expired"
    return {
        "state": state,
        "rule": None if rule is None else rule.id,
        "remote_name": None if rule is None else plain(rule.name),
        "pushed_at": None if pushed is None else pushed.pushed_at,
    }


def rule_line(rule: Rule, remote: RemoteFacts, now: float) -> dict[str, Any]:
    """Return a rule's line of the snapshot."""
    pushed = remote.pushed.get(rule.id)
    outcome = remote.outcomes.get(rule.id)
    hold = remote.holds.get(rule.id)
    detail = hold.message if hold is not None else "" if outcome is None else outcome.reason
    return {
        "id": rule.id,
        "provider": rule.provider,
        "type": rule.type,
        "scope": rule.scope,
        "name": plain(rule.name),
        "source": rule.source,
        "state": rule_state(rule, remote, now),
        "pushed_at": None if pushed is None else pushed.pushed_at,
        "detail": safe_line(detail),
    }


def rule_state(rule: Rule, remote: RemoteFacts, now: float) -> str:
    """Return in_sync, pending, problem or paused."""
    if rule.paused_until is not None and rule.paused_until > now:
        return "paused"
    if any(entry.rule == rule.id for entry in remote.pending):
        return "pending"
    outcome = remote.outcomes.get(rule.id)
    if outcome is None:
        return "in_sync" if rule.id in remote.pushed else "pending"
    if outcome.did in ("blocked", "failed"):
        return "problem"
    return "in_sync" if outcome.did in DONE else "pending"
