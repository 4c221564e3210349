"""The remote lane of one account: plans, replaces, recovers; the same code in agent and CLI, under the same locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_agent.sync.plan import Plan, Settings
from amika_local.credential import Problem
from amika_local.secret import Secret

if TYPE_CHECKING:
    from amika_agent.accounts.amika import AccountKey
    from amika_agent.stores.amika_api import SecretsApi
    from amika_agent.sync.journal import SyncDb
    from amika_local.discovery import Discovery


@dataclass(frozen=True)
class Outcome:
    """What became of one action.

    rule      id of the rule; "" for a push without one
    did       "created", "replaced", "updated", "unchanged", "deleted", "adopted", "finished", "swept",
              "waiting", "blocked", "failed"
    reason    a sentence for the person
    problem   what the person should do something about, or None
    due_at    epoch seconds at which looking again may change it, or None
    """

    rule: str
    provider: str
    type: str
    scope: str
    name: str
    did: str
    reason: str
    problem: Problem | None = None
    remote_id: str | None = None
    due_at: float | None = None


class RemoteSync:
    """Everything that is sent for one account.

    Args:
        db: rules, ledger and journal.
        api: the account's secrets.
        account: whose rules are applied; nothing recorded under another key is ever sent here.
        clock: time source.
        settings: what the person decided about pushing.

    """

    def __init__(
        self, db: SyncDb, api: SecretsApi, account: AccountKey, clock: Clock, settings: Settings | None = None
    ) -> None:
        self._db = db
        self._api = api
        self._account = account.text
        self._clock = clock
        self.settings = settings or Settings()

    def plan(self, discovery: Discovery) -> Plan:
        """Return what `run` would do now; sends nothing but a listing, and does without it when offline."""
        raise NotImplementedError

    def run(self, discovery: Discovery) -> list[Outcome]:
        """Resume what is open, then do what the plan says. Being offline is an outcome, not an error.

        Raises:
            NotSignedIn: the server rejected the sign-in; what is open stays recorded.

        """
        raise NotImplementedError

    def recover(self, discovery: Discovery | None = None) -> list[Outcome]:
        """Resume open replacements only. Without `discovery` no value is at hand and only safe steps are made."""
        raise NotImplementedError

    def push_once(  # noqa: PLR0913 -- every part of a secret's identity is named
        self,
        provider: str,
        type_: str,
        name: str,
        scope: str,
        value: Secret,
        *,
        force: bool = False,
        gap_accepted: bool = False,
    ) -> Outcome:
        """Create or replace one provider secret from an explicit value, without a rule.

        Raises:
            UsageError: blank, expired or malformed value, refused name or scope, or consent is missing.
            Unreachable: offline; nothing was changed, or the rest is recorded and `recover` finishes it.
            Refused: the server refused it and nothing was changed.

        """
        raise NotImplementedError

    def delete(self, provider: str, secret_id: str) -> None:
        """Delete a provider secret; an open replacement of it is closed first, under the same lock.

        Raises:
            NotFound: no such id.

        """
        raise NotImplementedError

    def due_at(self) -> float | None:
        """Return when to look again although nothing happened (settling, back-off, late requests), or None."""
        raise NotImplementedError
