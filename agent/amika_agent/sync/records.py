"""What sync.db remembers, as values. Never a credential's value, only keyed fingerprints."""

from __future__ import annotations

from dataclasses import dataclass

from amika_agent.sync.replace import Txn


@dataclass(frozen=True)
class Pushed:
    """What was last pushed by one rule (the ledger).

    remote_id       id the server gave
    fingerprint     keyed HMAC of what was sent; "" when a record was adopted whose value is not known
    source_account  local account it belonged to
    expires_at      epoch seconds of what was sent, or None
    pushed_at       epoch seconds; 0.0 when a record that somebody else stored was adopted
    verified        False: a record found under the name after a lost answer, most likely ours
    stamp           the server's `updated_at` after the push, where the listing has one; "" otherwise
    won             how often it went over what somebody else had put there, without a person's answer
    """

    rule: str
    provider: str
    type: str
    scope: str
    name: str
    remote_id: str
    fingerprint: str
    source_account: str | None
    expires_at: float | None
    pushed_at: float
    verified: bool = True
    stamp: str = ""
    won: int = 0


@dataclass(frozen=True)
class Sent:
    """What is known of a value that was or will be sent: enough to judge the next one by."""

    fingerprint: str
    source_account: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True)
class Pending:
    """An open replacement (the journal).

    rule        id of the rule; "" for a push without one
    final       the value last sent under the right name
    bridge      the value last sent under the temporary name
    doubtful    values of different fingerprints were sent under the right name without an answer
    since       epoch seconds
    attempts    refusals and silences in a row; back-off grows with it
    retry_at    epoch seconds before which nothing is sent, or None
    won         as in `Pushed`, when it is done
    """

    rule: str
    provider: str
    type: str
    scope: str
    name: str
    txn: Txn
    since: float
    final: Sent | None = None
    bridge: Sent | None = None
    doubtful: bool = False
    attempts: int = 0
    retry_at: float | None = None
    won: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """(provider, scope, name): one open replacement each."""
        return (self.provider, self.scope, self.name)


@dataclass(frozen=True)
class Hold:
    """What keeps a rule from being pushed until something changes.

    code         "value_refused", "contested", "suspect" …
    fingerprint  it holds for this value only; "" for every value
    """

    rule: str
    code: str
    message: str
    remedy: str
    fingerprint: str
    since: float
