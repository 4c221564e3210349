"""The vault as the agent offers it to scripts: store a secret, list names. Values only ever come in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from amika_local.errors import Failed

if TYPE_CHECKING:
    from amika_agent.activity.log import ActivityLog
    from amika_agent.clock import Clock
    from amika_agent.stores.vault import Vault
    from amika_local.secret import Secret
    from amika_shared.profile import Profile

log = logging.getLogger(__name__)


class VaultPart:
    """Opens the vault anew for each request: nothing of it stays in the agent's memory.

    Args:
        profile: whose vault.
        env: environment of this process; AMIKA_VAULT_PASSPHRASE_FILE counts where there is no keyring.
        clock: time source.
        activity: where it is noted who stored what.

    """

    def __init__(self, profile: Profile, env: Mapping[str, str], clock: Clock, activity: ActivityLog) -> None:
        self._profile = profile
        self._env = env
        self._clock = clock
        self._activity = activity

    def put(self, key: str, value: Secret, scope: str, caller: str) -> dict[str, Any]:
        """Store a secret; return {"key", "scope", "source"}. Raises what `Vault.put` raises."""
        source = self._vault().put(key, value, scope)
        self._activity.record("stored", f"{key} ({scope})", f"in the vault: {source}", caller=caller)
        log.info("secret_put %s (%s) for %s", key, scope, caller)
        return {"key": key, "scope": scope, "source": source}

    def list(self, scope: str | None) -> dict[str, Any]:
        """Return {"secrets": [{"key", "scope", "source", "stored_at"}]}: never a value."""
        entries = self._vault().list(scope)
        return {
            "secrets": [{"key": e.key, "scope": e.scope, "source": e.source, "stored_at": e.stored_at} for e in entries]
        }

    def connections(self) -> dict[str, Any]:
        """Return {"connections": [{"name", "kind", "fields", "vault_key", "scope", "missing_keys", "created_at"}]}."""
        from amika_agent.akos.connection_state import missing_keys
        from amika_agent.stores.connections import Connections, connections_path

        entries = self._vault().list()
        found = Connections(connections_path(self._profile.data_dir), self._clock).list()
        return {"connections": [{**asdict(c), "missing_keys": missing_keys(c, entries)} for c in found]}

    def _vault(self) -> Vault:
        from amika_agent.stores.vault import Vault, vault_path
        from amika_agent.stores.vault_passphrase import from_file

        def passphrase(*, new: bool) -> Secret:  # noqa: ARG001 -- one file for both
            words = from_file(self._env, log.warning)
            if words is None:
                raise Failed(
                    "the agent has no keyring, and no passphrase for the vault",
                    remedy="Start it with AMIKA_VAULT_PASSPHRASE_FILE naming a file with the passphrase in it.",
                )
            return words

        path = vault_path(self._profile.data_dir)
        return Vault(path, self._profile.name, self._clock, passphrase=passphrase)
