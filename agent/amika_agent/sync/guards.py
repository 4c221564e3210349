"""Never push worse than what is there: why a rule is not pushed now, and whether the person must do something."""

from __future__ import annotations

from dataclasses import dataclass

from amika_agent.sync.facts import Facts
from amika_agent.sync.payload import payload
from amika_agent.sync.rules import ASK, DELETE, ORG, PROVIDERS, Rule
from amika_local.credential import Credential
from amika_local.errors import UsageError
from amika_local.secret import Secret

# how much a stop weighs
QUIET = "quiet"  # nothing to do
LATER = "later"  # time or the network solves it
NEEDS = "needs_you"
GONE = "gone"  # the source is gone and the rule says: delete remotely
GONE_AFTER = 5.0
# a right, a quota: whoever gives it back tells nobody, so it is tried again
_OTHERS_DECIDE = frozenset({"no_room", "delete_refused"})
HELD_FOR = 3600.0


@dataclass(frozen=True)
class Stop:
    """Why nothing is sent. `due_at`: epoch seconds at which time alone may change it."""

    weight: str
    code: str
    reason: str
    remedy: str = ""
    due_at: float | None = None


@dataclass(frozen=True)
class Value:
    """What would be sent, its fingerprint and the credential it comes from."""

    secret: Secret
    fingerprint: str
    credential: Credential


def judge(rule: Rule, facts: Facts) -> Value | Stop:
    """Return the value the rule may push, or why there is none."""
    paused = _paused(rule, facts)
    if paused is not None:
        return paused
    found = _source(rule, facts)
    if isinstance(found, Stop):
        return found
    try:
        secret = payload(rule, found)
    except UsageError as error:
        return Stop(NEEDS, "unusable", error.message, error.remedy)
    value = Value(secret, facts.fingerprint(secret.reveal()), found)
    return _expired(found, facts.now) or _other_account(rule, facts, value) or value


def may_send(rule: Rule, facts: Facts, value: Value) -> Stop | None:
    """Return why a changed value is not sent now, or None."""
    return (
        _consent(rule)
        or _older(rule, facts, value)
        or _held(rule, facts, value)
        or _unsettled(rule, facts)
        or _just_pushed(rule, facts)
    )


def _paused(rule: Rule, facts: Facts) -> Stop | None:
    everything, alone = facts.settings.paused_until or 0.0, rule.paused_until or 0.0
    until = max(everything, alone)
    if until <= facts.now:
        return None
    due_at = until if until < float("inf") else None
    if everything > facts.now:
        return Stop(LATER, "paused", "paused", "amika resume", due_at=due_at)
    return Stop(LATER, "paused", "this rule is paused", f"amika sync resume {rule.id}", due_at=due_at)


def _source(rule: Rule, facts: Facts) -> Credential | Stop:
    matching = [credential for credential in facts.credentials if rule.takes(credential)]
    for credential in matching:
        if credential.path == rule.path:
            return credential
    trouble = next((p for p in facts.problems if p.source == rule.source and p.path in ("", rule.path)), None)
    if trouble is not None:
        code = "expired" if trouble.code == "expired" else f"source_{trouble.code}"
        return Stop(NEEDS, code, trouble.message, trouble.remedy)
    if matching:
        return Stop(
            NEEDS,
            "source_moved",
            f"the rule was made for {rule.path}; the credential is now in {matching[0].path}",
            f"If that is right: amika sync resolve {rule.id} accept",
        )
    return _gone(rule, facts)


def _gone(rule: Rule, facts: Facts) -> Stop:
    last = facts.ledger.get(rule.id)
    since = facts.gone_since.get(rule.id)
    if last is None:
        return Stop(LATER, "source_gone", "the credential is not there yet")
    if rule.on_removal == DELETE and since is not None:
        if facts.now - since >= GONE_AFTER:
            return Stop(GONE, "source_gone", "the credential is gone here, and the rule says: delete it remotely too")
        return Stop(LATER, "source_gone", "the credential has just gone", due_at=since + GONE_AFTER)
    if rule.on_removal == ASK:
        remedy = f"amika sync resolve {rule.id} keep|delete"
        return Stop(NEEDS, "source_gone", "the credential is gone here; what was pushed is still there", remedy)
    return Stop(QUIET, "source_gone", "the credential is gone here; what was pushed stays")


def _expired(credential: Credential, now: float) -> Stop | None:
    if credential.expires_at is None or credential.expires_at > now:
        return None
    return Stop(NEEDS, "expired", "the credential has expired", "Sign in with its own tool; it is pushed then.")


def _other_account(rule: Rule, facts: Facts, value: Value) -> Stop | None:
    account = value.credential.account
    if rule.source_account is None or account == rule.source_account:
        return None
    last = facts.ledger.get(rule.id)
    same = last is not None and last.fingerprint == value.fingerprint
    if account is None:
        # the identity lies in another file, which is often being written; what is pushed stays right meanwhile
        return None if same else Stop(NEEDS, "identity_unknown", "it does not say whose it is now", _accept(rule))
    if same:
        text = f"what was pushed as {rule.source_account}'s may be {account}'s"
        return Stop(NEEDS, "suspect", text, _accept(rule))
    text = f"the rule was made for {rule.source_account}; the credential is now {account}'s"
    return Stop(NEEDS, "other_account", text, _accept(rule))


def _accept(rule: Rule) -> str:
    return f"If that is right: amika sync resolve {rule.id} accept"


def _consent(rule: Rule) -> Stop | None:
    if rule.scope != ORG or rule.provider not in PROVIDERS or rule.gap_accepted:
        return None
    return Stop(
        NEEDS,
        "gap_consent",
        "replacing it leaves the whole organization without it for a moment",
        f"If that is right: amika sync resolve {rule.id} accept — or use a generic secret, which has no gap.",
    )


def _older(rule: Rule, facts: Facts, value: Value) -> Stop | None:
    last = facts.ledger.get(rule.id)
    theirs = value.credential.expires_at
    if last is None or last.expires_at is None or theirs is None:
        return None
    other = None not in (last.source_account, value.credential.account) and (
        last.source_account != value.credential.account
    )
    if other or theirs >= last.expires_at or last.expires_at <= facts.now:
        return None
    remedy = f"If it is the right one: amika sync resolve {rule.id} accept"
    return Stop(NEEDS, "older", "it is older than what was last pushed, which is still valid", remedy)


def _held(rule: Rule, facts: Facts, value: Value) -> Stop | None:
    hold = facts.holds.get(rule.id)
    if hold is None or hold.fingerprint not in ("", value.fingerprint):
        return None
    again = hold.since + HELD_FOR if hold.code in _OTHERS_DECIDE else None
    if again is not None and not hold.since <= facts.now < again:
        return None
    return Stop(NEEDS, hold.code, hold.message, hold.remedy, due_at=again)


def _unsettled(rule: Rule, facts: Facts) -> Stop | None:
    since = facts.still_since.get(rule.id)
    if since is None or facts.now - since >= facts.settings.settle or since > facts.now:
        return None
    return Stop(LATER, "settling", "it has just changed", due_at=since + facts.settings.settle)


def _just_pushed(rule: Rule, facts: Facts) -> Stop | None:
    last = facts.ledger.get(rule.id)
    # a ledger from the future is a clock that was set back: it must not hold anything up
    if last is None or not last.pushed_at <= facts.now < last.pushed_at + facts.settings.spacing:
        return None
    return Stop(LATER, "just_pushed", "it was pushed a moment ago", due_at=last.pushed_at + facts.settings.spacing)
