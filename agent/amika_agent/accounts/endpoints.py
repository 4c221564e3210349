"""Which servers the Amika account lives on, and which of them count as the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

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


def checked_url(text: str, where: str) -> str:
    """Return a base URL without its closing slash; `where` names the setting in the error.

    Raises:
        UsageError: it must not be used. The text never quotes a URL that may carry a password.

    """
    remedy = "It looks like https://app.example.com; http:// is for 127.0.0.1 and localhost only."
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UsageError(f"{where} is not a URL", remedy=remedy) from None
    if not text.isascii() or not text.isprintable() or " " in text or not parts.hostname or "\\" in text:
        raise UsageError(f"{where} is not a URL", remedy=remedy)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(f"{where} must not carry a user, a query or a fragment", remedy=remedy)
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback_host(parts.hostname)):
        raise UsageError(f"{where} must be https", remedy=remedy)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"https": 443, "http": 80}[parts.scheme]
    suffix = "" if port is None or port == default else f":{port}"
    return f"{parts.scheme}://{host}{suffix}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Tell whether the URL leads to this machine: 127.0.0.0/8, ::1 or localhost."""
    try:
        return _loopback_host(urlsplit(url).hostname or "")
    except ValueError:
        return False


def may_open(url: str) -> bool:
    """Tell whether a URL from a server may be shown to a browser: https, or http on loopback, and nothing odd in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    plain = url.isascii() and url.isprintable() and not any(letter in url for letter in " \\\"'<>`")
    safe = parts.scheme == "https" or (parts.scheme == "http" and _loopback_host(host))
    return plain and safe and bool(host) and parts.username is None and parts.password is None and len(url) <= 2048


def _loopback_host(host: str) -> bool:
    if host in ("localhost", "::1"):
        return True
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(p.isdigit() and int(p) < 256 for p in parts)


def _bound(url: str, ca_file: str = "") -> str:
    if is_loopback(url):
        return LOOPBACK
    return f"{url} with the certificates of {ca_file}" if ca_file else url
