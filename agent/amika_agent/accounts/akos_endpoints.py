"""Where an AKOS account lives: addresses from flag, environment and settings, the rest from the server's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from amika_agent.endpoints import LOOPBACK
from amika_agent.http.client import Answer, Http
from amika_agent.http.urls import checked_url, is_loopback
from amika_local.akos_file import AkosSession
from amika_local.errors import Failed, UsageError

CLIENT_ID = "akos-cli"
REQUEST = 10.0
# ours -> the name in the server's metadata (RFC 8414; the last two are OpenID Connect's and AKOS's)
_NAMES = {
    "device_url": "device_authorization_endpoint",
    "token_url": "token_endpoint",
    "revocation_url": "revocation_endpoint",
    "session_url": "userinfo_endpoint",
    "tenants_url": "tenants_endpoint",
}
_NO_ADDRESS = "Set AKOS_API_URL, or: amika config set akos.api_url URL. To try it without an account: --local"


@dataclass(frozen=True)
class AkosPlace:
    """What is configured: URLs are checked; `fixed` holds the endpoints that settings name."""

    api_url: str
    issuer: str
    client_id: str
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The API as a session is bound to it."""
        return bound(self.api_url)


@dataclass(frozen=True)
class AkosEndpoints:
    """Every address that is used; "" where the server has none."""

    device_url: str
    token_url: str
    revocation_url: str
    session_url: str
    tenants_url: str


def akos_place(
    env: Mapping[str, str],
    settings: Mapping[str, object],
    *,
    local_url: str = "",
    client_id: str = "",
    session: AkosSession | None = None,
) -> AkosPlace:
    """Return where the account lives: `local_url`, else AKOS_API_URL, else the settings, else where `session` is.

    Raises:
        UsageError: no address is known, or one must not be used.

    """

    def setting(name: str) -> str:
        value = settings.get(f"akos.{name}")
        return value.strip() if isinstance(value, str) else ""

    client = client_id.strip() or setting("client_id") or CLIENT_ID
    if not client.isascii() or not client.isprintable() or " " in client or len(client) > 200:
        raise UsageError("the client id is not usable", remedy="Check --client-id and akos.client_id.")
    if local_url:
        return AkosPlace(local_url, local_url, client)
    given = env.get("AKOS_API_URL", "").strip()
    api_url = given or setting("api_url")
    if not api_url and session is not None and session.texts["api_url"]:
        # signed in with AKOS_API_URL in another shell: the session knows its own server
        return AkosPlace(session.texts["api_url"], session.texts["issuer"] or session.texts["api_url"], client)
    if not api_url:
        raise UsageError("the address of your AKOS workspace is not known", remedy=_NO_ADDRESS)
    api_url = checked_url(api_url, "AKOS_API_URL" if given else "the setting akos.api_url")
    # settings speak of their own server: with another one from the environment they would mix two
    mine = not given or not setting("api_url") or checked_url(setting("api_url"), "akos.api_url") == api_url
    issuer = setting("issuer") if mine else ""
    fixed = {name: setting(name) for name in _NAMES if mine and setting(name)}
    return AkosPlace(
        api_url,
        checked_url(issuer, "the setting akos.issuer") if issuer else api_url,
        client,
        {name: checked_url(url, f"the setting akos.{name}") for name, url in fixed.items()},
    )


def discover(place: AkosPlace, http: Http) -> AkosEndpoints:
    """Return the endpoints: settings, else the issuer's metadata, else (session, tenants) below the API's address.

    Raises:
        Failed: the server has no usable metadata.
        Unreachable: no answer.

    """
    found = dict(place.fixed)
    if not ({"device_url", "token_url"} <= found.keys()):
        found = {**_metadata(place, http), **found}
    return AkosEndpoints(
        found["device_url"],
        found["token_url"],
        found.get("revocation_url", ""),
        found.get("session_url") or f"{place.api_url}/session",
        found.get("tenants_url") or f"{place.api_url}/tenants",
    )


def bound(url: str) -> str:
    """Return a server as sessions are bound to it: all loopback servers are one."""
    return LOOPBACK if is_loopback(url) else url


def _metadata(place: AkosPlace, http: Http) -> dict[str, str]:
    for url in _metadata_urls(place.issuer):
        answer = http.request("GET", url, timeout=REQUEST)
        if answer.ok and isinstance(answer.body, dict):
            return _checked(answer, place)
        if answer.status >= 500 or answer.status == 429:
            raise Failed(f"{urlsplit(url).netloc} has a problem (HTTP {answer.status})", remedy="Try again later.")
    raise Failed(
        f"{urlsplit(place.issuer).netloc} does not say how one signs in there",
        remedy="Check AKOS_API_URL, or set akos.device_url and akos.token_url (amika config set).",
    )


def _metadata_urls(issuer: str) -> list[str]:
    """Return where metadata may lie; for an issuer with a path first where RFC 8414 puts it."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    name = "/.well-known/oauth-authorization-server"
    standard = [f"{parts.scheme}://{parts.netloc}{name}{path}"] if path else []
    return [*standard, f"{issuer}{name}", f"{issuer}/.well-known/openid-configuration"]


def _may_be_named(url: str, issuer: str) -> bool:
    """Tell whether an issuer may name this address: no service elsewhere has one on this machine."""
    try:
        checked_url(url, "it")
    except UsageError:
        return False
    return is_loopback(issuer) or not is_loopback(url)


def _checked(answer: Answer, place: AkosPlace) -> dict[str, str]:
    # RFC 8414 3.3: another issuer's metadata must not be used
    if answer.text("issuer").rstrip("/") != place.issuer.rstrip("/"):
        raise Failed(
            "the AKOS sign-in service says that it is another one",
            remedy="Check akos.issuer and AKOS_API_URL: the address must be exactly the one the service has.",
        )
    found: dict[str, str] = {}
    for name, field_name in _NAMES.items():
        url = answer.text(field_name)
        if not url:
            continue
        if not _may_be_named(url, place.issuer):
            raise Failed(
                f"the AKOS sign-in service names a {field_name} that must not be used",
                remedy="Check AKOS_API_URL; whoever runs that service has to name an https address.",
            )
        found[name] = url
    missing = [_NAMES[name] for name in ("device_url", "token_url") if name not in found and name not in place.fixed]
    if missing:
        raise Failed(
            f"the AKOS sign-in service has no {missing[0]}", remedy="Set akos.device_url and akos.token_url yourself."
        )
    return found
