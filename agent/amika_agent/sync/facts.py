"""Everything a plan depends on: what is on disk, what is wanted, what was pushed and what is listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from amika_agent.sync.records import Hold, Pending, Pushed
from amika_agent.sync.rules import ORG, PROVIDERS, Rule
from amika_local.credential import Credential, Problem


@dataclass(frozen=True)
class PushSettings:
    """What the person decided about pushing.

    auto_push     providers ("claude", "codex") for which a rule is made for every discovered credential
    paused_until  epoch seconds; `float("inf")` until resumed; None when running
    settle        seconds a credential and its account must have been still before they are pushed
    spacing       seconds between two pushes of one rule, however often its file is rewritten; 0: no limit
    """

    auto_push: tuple[str, ...] = ()
    paused_until: float | None = None
    settle: float = 1.0
    spacing: float = 0.0


@dataclass(frozen=True)
class Listed:
    """A record as the server lists it; `stamp` is its `updated_at` where there is one (generic secrets)."""

    id: str
    name: str
    type: str
    scope: str
    stamp: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything a plan depends on.

    listing       provider -> its records; a provider that could not be listed is missing
    ledger        rule id -> what was last pushed
    holds         rule id -> what keeps it from being pushed
    fingerprint   keyed HMAC of a value
    still_since   rule id -> epoch seconds since when its credential and account are unchanged
    gone_since    rule id -> epoch seconds since when its source is certainly without it
    machine       whose temporary records are ours
    late          providers a request of ours may still arrive at: what it changes there is not somebody else's doing
    parked        rules made for another account, with no counterpart in this one, each with what that one is called
    account       what this account is called
    """

    rules: Sequence[Rule]
    credentials: Sequence[Credential]
    problems: Sequence[Problem]
    now: float
    machine: str
    fingerprint: Callable[[str], str]
    settings: PushSettings = field(default_factory=PushSettings)
    ledger: Mapping[str, Pushed] = field(default_factory=dict)
    listing: Mapping[str, Sequence[Listed]] = field(default_factory=dict)
    pending: Sequence[Pending] = ()
    holds: Mapping[str, Hold] = field(default_factory=dict)
    still_since: Mapping[str, float] = field(default_factory=dict)
    gone_since: Mapping[str, float] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    parked: Sequence[tuple[Rule, str]] = ()
    account: str = ""

    @property
    def paused(self) -> float | None:
        """End of the pause of everything, or None."""
        until = self.settings.paused_until
        return until if until is not None and until > self.now else None

    def record(self, provider: str, scope: str, name: str) -> Listed | None:
        """Return the listed record under a right name; an organization has one per provider, whatever its name."""
        alone = scope == ORG and provider in PROVIDERS
        for listed in self.listing.get(provider, ()):
            if listed.scope == scope and (alone or listed.name == name):
                return listed
        return None
