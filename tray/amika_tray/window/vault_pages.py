"""The vault and the connections that use it: names and places, never a value."""

from __future__ import annotations

from typing import Any

from amika_tray.rows import Row
from amika_tray.vault_rows import connection_heads, connection_rows, vault_heads, vault_rows
from amika_tray.window.pages import FetchedPage, Host
from amika_tray.wording import t


class VaultPage(FetchedPage):
    """What is stored, for whom, where, since when."""

    LISTED = "secrets"
    FILES = ("vault.json",)

    def __init__(self, host: Host) -> None:
        super().__init__(host, "secret_list", t("Vault"), vault_heads())

    def nothing(self) -> tuple[str, str]:
        """Return how the first secret is stored."""
        return (
            t("The vault is empty"),
            t(
                "It keeps the secrets that you give it, in the keyring of this machine or sealed in a file. "
                "Store one in a terminal: amika vault put KEY"
            ),
        )

    def rows_of(self, end: dict[str, Any]) -> list[Row]:
        """Return the secrets."""
        return vault_rows(end)


class ConnectionsPage(FetchedPage):
    """What is connected, with which key of the vault, and what is missing for it."""

    LISTED = "connections"
    FILES = ("connections.json", "vault.json")  # the state tells of keys that are missing

    def __init__(self, host: Host) -> None:
        super().__init__(host, "connections", t("Connections"), connection_heads())

    def nothing(self) -> tuple[str, str]:
        """Return how the first connection is made."""
        return (
            t("There are no connections"),
            t(
                "A connection names a service, how it is reached and which key of the vault it uses. "
                "Define one in a terminal: amika connections add"
            ),
        )

    def rows_of(self, end: dict[str, Any]) -> list[Row]:
        """Return the connections."""
        return connection_rows(end)
