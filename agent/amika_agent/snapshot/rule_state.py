"""How a push rule, and a credential through its rule, stands to its remote secret. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amika_shared.redaction import plain, safe_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amika_agent.snapshot.facts import RemoteFacts
    from amika_agent.sync.rules import Rule
    from amika_local.credential import Credential

DONE = frozenset({"created", "replaced", "updated", "unchanged", "adopted", "finished", "deleted", "swept"})


def mark(credential: Credential) -> object:
    """Return what has to be equal for two credentials to be the same to the remote lane; holds Secrets."""
    value = credential.record or credential.value
    return credential.source, credential.provider, credential.path, credential.account, credential.expires_at, value


def marks(rules: Sequence[Rule], credentials: Sequence[Credential]) -> dict[str, object]:
    """Return rule id -> `mark` of what the rule would push now."""
    return {rule.id: [mark(credential) for credential in credentials if rule.takes(credential)] for rule in rules}


def credential_sync(
    credential: Credential, remote: RemoteFacts, found: Sequence[Credential], now: float
) -> dict[str, Any]:
    """Return the `sync` of a credential in the snapshot; `found`: every credential of this machine."""
    rule = next((rule for rule in remote.rules if rule.takes(credential)), None)
    pushed = None if rule is None else remote.pushed.get(rule.id)
    state = "not_pushed" if rule is None else rule_state(rule, remote, found, now)
    if credential.expires_at is not None and credential.expires_at <= now:
        state = "expired"
    return {
        "state": state,
        "rule": None if rule is None else rule.id,
        "remote_name": None if rule is None else plain(rule.name),
        "pushed_at": None if pushed is None else pushed.pushed_at or None,
    }


def rule_line(rule: Rule, remote: RemoteFacts, found: Sequence[Credential], now: float) -> dict[str, Any]:
    """Return a rule's line of the snapshot."""
    pushed = remote.pushed.get(rule.id)
    outcome = remote.outcomes.get(rule.id)
    hold = remote.holds.get(rule.id)
    detail = hold.message if hold is not None else "" if outcome is None else outcome.reason
    if _changed(rule, remote, found):
        detail = "it changed here and is not pushed yet"
    return {
        "id": rule.id,
        "provider": rule.provider,
        "type": rule.type,
        "scope": rule.scope,
        "name": plain(rule.name),
        "source": rule.source,
        "state": rule_state(rule, remote, found, now),
        "pushed_at": None if pushed is None else pushed.pushed_at or None,
        "detail": safe_line(detail),
    }


def rule_state(rule: Rule, remote: RemoteFacts, found: Sequence[Credential], now: float) -> str:
    """Return in_sync, pending, problem or paused. What was found since the last reconciliation is pending."""
    if rule.paused_until is not None and rule.paused_until > now:
        return "paused"
    if under_way(rule, remote, found):
        return "pending"
    outcome = remote.outcomes.get(rule.id)
    if outcome is None:
        return "in_sync" if rule.id in remote.pushed else "pending"
    if outcome.did in ("blocked", "failed"):
        return "problem"
    return "in_sync" if outcome.did in DONE else "pending"


def under_way(rule: Rule, remote: RemoteFacts, found: Sequence[Credential]) -> bool:
    """Tell whether something is still to happen to the rule without anybody doing anything."""
    outcome = remote.outcomes.get(rule.id)
    soon = outcome is not None and outcome.did == "waiting" and outcome.due_at is not None
    return soon or any(entry.rule == rule.id for entry in remote.pending) or _changed(rule, remote, found)


def _changed(rule: Rule, remote: RemoteFacts, found: Sequence[Credential]) -> bool:
    return remote.marks.get(rule.id) != marks([rule], found)[rule.id]
