"""almyty's API, as far as a sign-in needs it; and the addresses it may have."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from amika_agent.accounts import certificates
from amika_agent.http.client import Answer, Http
from amika_agent.http.urls import checked_url
from amika_local.almyty_file import AlmytyLogin, instant
from amika_local.errors import Failed, NotSignedIn
from amika_local.secret import Secret

EXCHANGE_PATH = "/auth/cli/exchange"
REQUEST = 10.0
SIGN_IN = "amika auth login almyty"
_SHORTEST_PREFIX = 12


@dataclass(frozen=True)
class Organization:
    """An organization of the person."""

    id: str
    name: str
    role: str = ""


@dataclass(frozen=True)
class AlmytyProfile:
    """Who a token belongs to, and the organization it works in: name and id, "" when that is unknown."""

    id: str
    email: str
    organizations: tuple[Organization, ...]
    organization: str
    organization_id: str = ""


@dataclass(frozen=True)
class OwnKey:
    """The record of the key that is asking: its id, and its end in epoch seconds."""

    id: str = ""
    expires_at: float | None = None


@dataclass(frozen=True)
class HeadlessCode:
    """A sign-in that is approved on any device; `code` is for the page, `secret` for us alone. Times in seconds."""

    code: str
    secret: Secret = field(repr=False)
    expires_in: float
    interval: float


def checked_address(text: str, where: str) -> str:
    """Return a base URL without its closing slash: https, or http for this machine (`*.localhost` included).

    Raises:
        UsageError: it must not be used.

    """
    label = _localhost_label(text)
    if not label:
        return checked_url(text, where)
    return checked_url(text.replace(label, "localhost", 1), where).replace("localhost", label, 1)


def _localhost_label(url: str) -> str:
    """Return the host of an http URL when it is a name below localhost, else ""."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    plain = all(c.isalnum() or c in "-." for c in host) and host.isascii() and ".." not in host
    return host if parts.scheme == "http" and host.endswith(".localhost") and plain and host in url else ""


def _reached(url: str) -> str:
    """Return where requests go: not every resolver keeps the names below localhost on this machine."""
    label = _localhost_label(url)
    return url.replace(label, "127.0.0.1", 1) if label else url


class AlmytyApi:
    """The API at one address.

    Args:
        url: checked.
        http: used for every request.
        exchange_path: where a code is exchanged for a key.

    """

    def __init__(self, url: str, http: Http, *, exchange_path: str = EXCHANGE_PATH) -> None:
        self.url = checked_address(url, "almyty's address")
        self._http = http
        self._exchange_path = exchange_path

    @property
    def certificates(self) -> str:
        """File of the certificates that the server is recognized by, "" for the system's."""
        return self._http.ca_file

    def refuses(self, login: AlmytyLogin) -> str:
        """Return why this login must not be sent under the certificates of today, "" when it may."""
        return certificates.unlike(login.certificates, self.certificates, [_reached(self.url)])

    def profile(self, token: Secret, organization_id: str = "") -> AlmytyProfile:
        """Ask who the token belongs to; members of several organizations say in which one they work.

        Raises:
            NotSignedIn: the server rejects it; the remedy names the three reasons.
            Unreachable, Failed: nothing was learned.

        """
        answer = self._ask("GET", "/auth/profile", token, organization_id)
        data = answer.field("data")
        if not answer.ok or not isinstance(data, dict) or not (_text(data, "id") or _text(data, "email")):
            raise self._refused(answer)
        organizations = _organizations(data)
        current = organization_id or _text(data, "currentOrganizationId")
        if len(organizations) == 1 and current != organizations[0].id:
            current = organizations[0].id
        named = next((one.name for one in organizations if one.id == current), "")
        return AlmytyProfile(_text(data, "id"), _text(data, "email"), organizations, named, current)

    def own_key(self, token: Secret, organization_id: str = "") -> OwnKey:
        """Return the record of this very key, found by its prefix; an empty one when no or several records fit.

        Raises:
            Unreachable, Failed, NotSignedIn: as `profile`.

        """
        fitting = [one for one in self._keys(token, organization_id) if _fits(one, token)]
        if len(fitting) != 1 or not _text(fitting[0], "id"):
            return OwnKey()
        return OwnKey(_text(fitting[0], "id"), instant(fitting[0].get("expiresAt")))

    def key_ids(self, token: Secret, organization_id: str = "") -> frozenset[str]:
        """Return the ids of the keys of the token's user.

        Raises:
            Unreachable, Failed, NotSignedIn: as `profile`.

        """
        return frozenset(_text(one, "id") for one in self._keys(token, organization_id))

    def delete_key(self, token: Secret, key_id: str, organization_id: str = "", *, timeout: float = 5.0) -> bool:
        """Delete the key `token`, whose record has this id; False when the server had ended it already.

        Raises:
            Unreachable, Failed: it may still be valid there.

        """
        if not key_id.replace("-", "").replace("_", "").isalnum() or not key_id.isascii():
            raise Failed("its id cannot be one of a key", remedy="Delete it in almyty's settings.")
        answer = self._ask("DELETE", f"/auth/api-keys/{key_id}", token, organization_id, timeout=timeout)
        if answer.status == 401:
            return False
        if answer.status == 400:  # asked with a key that counts, so it is there, under another id
            raise Failed(
                f"{urlsplit(self.url).netloc} knows no key of its id", remedy="Delete it in almyty's settings."
            )
        # a page of some other server says "200" too
        if answer.status != 204 and not (answer.ok and isinstance(answer.body, dict)):
            raise self._refused(answer)
        return True

    def exchange(self, code: Secret, state: str) -> Secret | str:
        """Exchange a code for a key; a text is the server's word for why there is none yet, or never.

        Raises:
            Unreachable, Failed: no usable answer.

        """
        answer = self._ask("POST", self._exchange_path, json={"code": code.reveal(), "state": state})
        data = answer.field("data")
        token = answer.text("token") or (_text(data, "token") if isinstance(data, dict) else "")
        if answer.ok and token:
            return Secret(token)
        word = _code(answer)
        if answer.status >= 500 or answer.status == 429 or (not word and answer.status != 404):
            raise self._refused(answer)
        return word or "not_offered"

    def start_headless(self) -> HeadlessCode | None:
        """Begin a sign-in that any device may approve; None where the server has no such thing.

        Raises:
            Unreachable, Failed: no usable answer.

        """
        told = {"program": "amika", "machine": platform.node()[:100]}
        answer = self._ask("POST", "/auth/cli/start", json=told)
        if answer.status in (400, 401, 403, 404, 405, 501):
            return None
        data = answer.field("data")
        if not answer.ok or not isinstance(data, dict):
            raise self._refused(answer)
        code, secret = _text(data, "code"), _text(data, "deviceCode")
        if not code or not secret or not code.replace("-", "").isalnum() or not code.isascii() or len(code) > 64:
            return None
        lasts, interval = _seconds(data.get("expiresIn"), 300.0, 1800.0), _seconds(data.get("interval"), 5.0, 60.0)
        return HeadlessCode(code, Secret(secret), lasts, interval)

    def _keys(self, token: Secret, organization_id: str) -> list[dict[str, object]]:
        answer = self._ask("GET", "/auth/api-keys", token, organization_id)
        data = answer.field("data")
        listed = data.get("apiKeys") if isinstance(data, dict) else None
        if not answer.ok or not isinstance(listed, list):
            raise self._refused(answer)
        return [one for one in listed if isinstance(one, dict)]

    def _ask(
        self,
        method: str,
        path: str,
        token: Secret | None = None,
        organization_id: str = "",
        *,
        json: Mapping[str, str] | None = None,
        timeout: float = REQUEST,
    ) -> Answer:
        headers = {"X-Organization-Id": organization_id} if organization_id else {}
        url = _reached(self.url)
        if url != self.url:
            headers["Host"] = urlsplit(self.url).netloc
        return self._http.request(method, url + path, json=json, bearer=token, headers=headers, timeout=timeout)

    def _refused(self, answer: Answer) -> NotSignedIn | Failed:
        host = urlsplit(self.url).netloc
        if answer.status == 403:
            return NotSignedIn(
                f"{host} does not let the almyty token do that",
                remedy="It may lack a right, or its organization or environment may be another one: sign in again "
                f"({SIGN_IN}), and name another environment with --api URL.",
            )
        if answer.status == 401:
            return NotSignedIn(
                f"{host} rejects the almyty token",
                remedy=f"It expired or was revoked: sign in again ({SIGN_IN}). Or it belongs to another environment: "
                "name the right one with --api URL, or correct ALMYTY_URL.",
            )
        if answer.status == 429:
            return Failed(f"{host} asks for a pause (too many requests)", remedy="Try again in a minute.")
        if answer.status == 404 or answer.status < 400:
            return Failed(
                f"{host} does not answer as almyty's API", remedy="Check --api and ALMYTY_URL: the API, not the page."
            )
        return Failed(f"{host} could not answer (HTTP {answer.status})", remedy="Try again later.")


def _organizations(data: Mapping[str, object]) -> tuple[Organization, ...]:
    """Return the organizations: the plain list, or the ones inside the memberships."""
    found: dict[str, Organization] = {}
    listed, members = data.get("organizations"), data.get("organizationMemberships")
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and _text(one, "id"):
            found[_text(one, "id")] = Organization(_text(one, "id"), _text(one, "name"), _text(one, "role"))
    for member in members if isinstance(members, list) else []:
        inner = member.get("organization") if isinstance(member, dict) else None
        if isinstance(inner, dict) and _text(inner, "id") and _text(inner, "id") not in found:
            found[_text(inner, "id")] = Organization(_text(inner, "id"), _text(inner, "name"))
    return tuple(found.values())


def _fits(record: Mapping[str, object], token: Secret) -> bool:
    prefix = _text(record, "keyPrefix").rstrip(".…*")
    return len(prefix) >= _SHORTEST_PREFIX and token.reveal().startswith(prefix)


def _code(answer: Answer) -> str:
    error = answer.field("error")
    return _text(error, "code") if isinstance(error, dict) else answer.text("error")


def _text(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""


def _seconds(value: object, default: float, most: float) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124 -- NaN
    return min(max(float(value), 1.0), most) if usable and isinstance(value, int | float) else default
