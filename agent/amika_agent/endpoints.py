"""Which servers the Amika account lives on, and which of them count as the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amika_agent.http.urls import checked_url, is_loopback
from amika_local.errors import UsageError
from amika_local.identity import API_URL, CLIENT_ID, OTHER_API

WORKOS_URL = "https://api.workos.com"
LOOPBACK = "loopback"


@dataclass(frozen=True)
class Endpoints:
    """The servers of one account; URLs without a slash at the end.

    api_url     Amika's API and web application
    workos_url  the authorization server (device flow, refresh, logout)
    client_id   our public client there
    local       True for the local workspace, which is all servers in one
    ca_file     certificates that are trusted instead of the system's, "" for none: who chooses them can be any server
    """

    api_url: str
    workos_url: str
    client_id: str
    local: bool = False
    ca_file: str = ""

    @property
    def origin(self) -> str:
        """The API as rules and sessions are bound to it: its URL, or "loopback" for every loopback server."""
        return _bound(self.api_url)

    @property
    def issuer(self) -> str:
        """The authorization server as a session is bound to it, with what it is recognized by."""
        return _bound(self.workos_url, self.ca_file)

    @property
    def key_origin(self) -> str:
        """The API as a stored API key is bound to it, with what it is recognized by."""
        return _bound(self.api_url, self.ca_file)

    @property
    def device_url(self) -> str:
        """Where a device code is asked for."""
        return f"{self.workos_url}/user_management/authorize/device"

    @property
    def token_url(self) -> str:
        """Where device codes and refresh tokens are exchanged."""
        return f"{self.workos_url}/user_management/authenticate"

    @property
    def logout_url(self) -> str:
        """Where a session is revoked."""
        return f"{self.workos_url}/user_management/sessions/logout"

    @property
    def warning(self) -> str:
        """One line when the API is another one but the client is still the default, else ""."""
        return "" if self.local or self.api_url == API_URL or self.client_id != CLIENT_ID else OTHER_API


def resolve_endpoints(
    env: Mapping[str, str], *, local_url: str | None = None, settings: Mapping[str, object] | None = None
) -> Endpoints:
    """Return the endpoints: `local_url` (one server for all), else environment, settings, default.

    Settings keys: "account.api_url", "account.workos_url", "account.client_id", "network.ca_file"; "" counts as unset.

    Raises:
        UsageError: a URL that is malformed, not https (http only for loopback), or carries a password or query.

    """
    if local_url:
        url = checked_url(local_url, "the local workspace's URL")
        return Endpoints(url, url, CLIENT_ID, local=True)
    settings = settings or {}

    def pick(variable: str, key: str, default: str) -> tuple[str, str]:
        value = env.get(variable, "").strip()
        if value:
            return value, variable
        configured = settings.get(key)
        if isinstance(configured, str) and configured.strip():
            return configured.strip(), f"the setting {key}"
        return default, key

    client, where = pick("AMIKA_WORKOS_CLIENT_ID", "account.client_id", CLIENT_ID)
    if not client.isascii() or not client.isprintable() or " " in client:
        raise UsageError(f"{where} is not a client id", remedy="It looks like client_01ABC…")
    return Endpoints(
        checked_url(*pick("AMIKA_API_URL", "account.api_url", API_URL)),
        checked_url(*pick("AMIKA_WORKOS_URL", "account.workos_url", WORKOS_URL)),
        client,
        ca_file=str(settings.get("network.ca_file") or ""),
    )


def _bound(url: str, ca_file: str = "") -> str:
    if is_loopback(url):
        return LOOPBACK
    return f"{url} with the certificates of {ca_file}" if ca_file else url
