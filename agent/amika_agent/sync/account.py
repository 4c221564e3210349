"""One account as the remote lane sees it: what is recorded here, what the server has, and the locks between."""

from __future__ import annotations

from contextlib import AbstractContextManager

from amika_agent.clock import Clock
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.stores.private_file import locked
from amika_agent.sync.facts import Listed
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.rules import PROVIDERS, VALUE

LOCK_DEADLINE = 30.0


class Account:
    """Rules, ledger and journal of one account, and its secrets.

    Args:
        db: sync.db.
        api: the account's secrets.
        key: key text: nothing recorded under another key is ever sent here.
        clock: time source of waits.

    """

    def __init__(self, db: SyncDb, api: SecretsApi, key: str, clock: Clock) -> None:
        self.db = db
        self.api = api
        self.key = key
        self._clock = clock

    def locked(self, provider: str, scope: str) -> AbstractContextManager[int]:
        """Hold the lock under which this account's secrets of a provider and scope are changed, by whatever process.

        Raises:
            Busy: another process held it for 30 s.

        """
        path = self.db.lock_path(self.key, provider, scope)
        return locked(path, deadline=LOCK_DEADLINE, clock=self._clock, what=f"the {provider} secrets")

    def list(self, provider: str) -> list[Listed]:
        """Return what the server has: of "claude" or "codex", else the generic secrets."""
        if provider not in PROVIDERS:
            return [Listed(g.id, g.name, VALUE, g.scope, g.updated_at) for g in self.api.list_generic()]
        return [Listed(r.id, r.name, r.type, r.scope) for r in self.api.list_provider(provider)]
