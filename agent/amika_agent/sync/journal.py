"""sync.db: rules, ledger and the journal of open replacements. Never a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amika_agent.clock import Clock
from amika_agent.sync.rules import Rule


@dataclass(frozen=True)
class Pushed:
    """What was last pushed by one rule (the ledger).

    remote_id       id the server gave
    fingerprint     keyed HMAC of what was sent
    source_account  local account it belonged to
    expires_at      epoch seconds of what was sent, or None
    pushed_at       epoch seconds
    verified        False: a record found under the name after a lost answer, most likely ours
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


class SyncDb:
    """One connection to sync.db, usable from several threads. Every method takes the account's key text.

    A database that fails its integrity check is kept aside as `*.corrupt-<time>`; `rebuilt_from` then names it.

    Args:
        path: the file; its folder is created 0700.
        clock: time source.

    Raises:
        Failed: written by a newer program, or the folder is not writable.

    """

    def __init__(self, path: str, clock: Clock) -> None:
        raise NotImplementedError

    rebuilt_from: str | None
    machine_id: str

    def close(self) -> None:
        """Close the connection."""

    def fingerprint(self, text: str) -> str:
        """Return the keyed HMAC (hex) of what is or was sent."""
        raise NotImplementedError

    # rules
    def rules(self, account: str) -> list[Rule]:
        """Return the account's rules, oldest first."""
        raise NotImplementedError

    def rule(self, account: str, rule_id: str) -> Rule:
        """Return one rule, or raise NotFound."""
        raise NotImplementedError

    def put_rule(self, account: str, rule: Rule) -> None:
        """Add or change a rule; Conflict when another rule already keeps that remote name."""
        raise NotImplementedError

    def forget_rule(self, account: str, rule_id: str) -> None:
        """Remove a rule and its ledger entry; an open replacement must be closed first (`RemoteSync.forget`)."""
        raise NotImplementedError

    # ledger
    def pushed(self, account: str) -> dict[str, Pushed]:
        """Return the ledger: rule id -> what was last pushed."""
        raise NotImplementedError
