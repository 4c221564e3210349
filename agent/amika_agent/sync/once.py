"""A push from an explicit value, without a rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amika_agent.sync import payload
from amika_agent.sync.apply import Offer, Replacements
from amika_agent.sync.facts import Listed
from amika_agent.sync.outcome import Outcome, became
from amika_agent.sync.records import Pending, Sent
from amika_agent.sync.replace import State
from amika_agent.sync.rules import ORG
from amika_local.errors import Conflict, Failed, UsageError
from amika_local.secret import Secret


@dataclass(frozen=True)
class Consent:
    """What the person agreed to in org scope: the gap, and which records may be replaced."""

    gap: bool
    replaceable: frozenset[str]


def offered(blank: Pending, value: Secret, fingerprint: Callable[[str], str], now: float, *, force: bool) -> Offer:
    """Return the checked value; raises UsageError when it is blank, malformed, or expired without `force`."""
    secret = payload.checked_value(blank.provider, blank.type, value)
    expires_at = payload.expiry(blank.provider, blank.type, secret)
    if expires_at is not None and expires_at <= now and not force:
        raise UsageError("the value has expired", remedy="Sign in with its own tool first, or pass --force.")
    return Offer(secret, Sent(fingerprint(secret.reveal()), None, expires_at))


def push(
    replacements: Replacements,
    blank: Pending,
    offer: Offer,
    opened: Sequence[Pending],
    list_: Callable[[], list[Listed]],
    consent: Consent,
) -> Outcome:
    """Finish what is open under that name, then create or replace. The caller holds the lock.

    Raises:
        UsageError, Conflict: consent is missing; nothing was changed.
        Failed: the server refused it; nothing was changed.

    """
    for entry in opened:
        after = replacements.drive(entry, offer, look=True)
        if after.txn.state is not State.DONE:
            return became(after)
    found = [r for r in list_() if r.scope == blank.scope and (blank.scope == ORG or r.name == blank.name)]
    if found and blank.scope == ORG:
        _check(found[0], consent)
    entry = replacements.start(blank, found[0].id if found else None)
    outcome = became(replacements.drive(entry, offer, look=False))
    if outcome.did == "failed":
        refusal = replacements.refusal
        raise Failed(
            f"{outcome.reason} ({refusal.message})" if refusal else outcome.reason,
            remedy=refusal.remedy if refusal else "Look at what is stored, and try again.",
        )
    return outcome


def _check(record: Listed, consent: Consent) -> None:
    if not consent.gap:
        raise UsageError(
            "replacing it leaves the whole organization without it for a moment; that needs a yes",
            remedy="Answer the question, or pass --yes.",
        )
    if record.id not in consent.replaceable:
        raise Conflict(
            f"the organization's secret is “{record.name}” ({record.type}), which this machine has not stored",
            remedy="Delete it first, or confirm that it is to be replaced.",
        )
