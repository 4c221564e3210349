"""The AKOS account: signing in by a device code, asking who one is, tenants."""

from __future__ import annotations

import contextlib
import platform
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from amika_agent.accounts.akos_endpoints import AkosPlace, discover
from amika_agent.accounts.akos_session import AkosKeeper, told
from amika_agent.accounts.device import DeviceCode, DeviceEndpoints, Waiting, cancellable, poll, request_code
from amika_agent.clock import Clock
from amika_agent.http.client import Answer, Http
from amika_agent.http.urls import is_loopback
from amika_local.akos_file import SIGN_IN, AkosSession, env_token
from amika_local.errors import Failed, NotFound, NotSignedIn, UsageError

SCOPE = "cli"
REQUEST = 10.0


@dataclass(frozen=True)
class AkosSignedIn:
    """Done: the session file is written."""

    user_id: str
    tenant_id: str
    email: str


@dataclass(frozen=True)
class Tenant:
    """A tenant that one may work on."""

    id: str
    name: str
    current: bool


SignInEvent = DeviceCode | Waiting | AkosSignedIn


def sign_in(
    place: AkosPlace, keeper: AkosKeeper, http: Http, clock: Clock, *, cancel: threading.Event, scope: str = SCOPE
) -> Iterator[SignInEvent]:
    """Sign in by the device flow; the session file is written before AkosSignedIn is yielded.

    Raises:
        SignInCancelled, SignInDenied, SignInExpired: how it ended.
        Failed, Unreachable: the server, or the session cannot be stored.

    """
    keeper.check_storable()
    http = cancellable(http, cancel)
    endpoints = discover(place, http)
    extra = {"scope": scope} if scope else {}
    if is_loopback(place.issuer):
        # what the local workspace shows beside the code; other servers do not know these fields
        extra |= {"requesting_program": "amika (AKOS)", "requesting_machine": platform.node()[:100]}
    device = DeviceEndpoints(
        endpoints.device_url,
        endpoints.token_url,
        place.client_id,
        extra,
        again=SIGN_IN,
        server="AKOS_API_URL and akos.*",
    )
    code = request_code(device, http, clock)
    yield code
    for event in poll(code, device, http, clock, cancel):
        if isinstance(event, Waiting):
            yield event
            continue
        if not event.ok:
            raise Failed("the AKOS sign-in service asks for one more step", remedy="Finish it in the browser.")
        session = keeper.accept(event, place, endpoints, scope)
        facts = _asked_quietly(http, session)
        with contextlib.suppress(Failed):  # the login itself is stored
            keeper.note(session, facts)
        named = {**session.texts, **facts}
        yield AkosSignedIn(named["user_id"], named["tenant_id"], named["email"])


def whoami(place: AkosPlace, env: Mapping[str, str], keeper: AkosKeeper, http: Http) -> dict[str, str]:
    """Ask the workspace whose session it is: {"user_id", "tenant_id", "tenant_name", "email"}, "" for unknown.

    Raises:
        NotSignedIn: nobody is signed in, or the workspace rejects the token.
        UsageError, Unreachable, Failed: it cannot be asked.

    """
    token = env_token(dict(env))[1]
    if token is not None:
        answer = http.request("GET", _url(place, http, "session"), bearer=token, timeout=REQUEST)
        return {**_NOBODY, **_facts(answer)}
    session = keeper.fresh(place)
    answer = http.request("GET", session.texts["session_url"], bearer=session.access_token, timeout=REQUEST)
    if answer.status == 401 and session.refresh_token:
        session = keeper.fresh(place, force=True)
        answer = http.request("GET", session.texts["session_url"], bearer=session.access_token, timeout=REQUEST)
    facts = _facts(answer)
    with contextlib.suppress(Failed):  # what the workspace said holds, noted or not
        keeper.note(session, facts)
    return {**_NOBODY, **{name: session.texts[name] for name in _NOBODY}, **facts}


def tenants(place: AkosPlace, env: Mapping[str, str], keeper: AkosKeeper, http: Http) -> Sequence[Tenant]:
    """Return the tenants one may work on.

    Raises:
        as `whoami`.

    """
    token = env_token(dict(env))[1]
    if token is not None:
        url, bearer, current = _url(place, http, "tenants"), token, ""
    else:
        session = keeper.fresh(place)
        url, bearer, current = session.texts["tenants_url"], session.access_token, session.texts["tenant_id"]
    answer = http.request("GET", url, bearer=bearer, timeout=REQUEST)
    found = _tenants(answer, current) if answer.ok else None
    if found is None:
        raise _refused(answer, url, "akos.tenants_url")
    return found


def use_tenant(place: AkosPlace, env: Mapping[str, str], keeper: AkosKeeper, http: Http, wanted: str) -> Tenant:
    """Work on another tenant from now on; return it.

    Raises:
        NotFound: there is none of this id or name.
        UsageError: several have the name, or a token of the environment decides.
        Failed: the server did not move the session.
        NotSignedIn, Unreachable: as `whoami`.

    """
    variable, token = env_token(dict(env))
    if token is not None:
        raise UsageError(
            f"{variable} is set, and a token belongs to one tenant", remedy=f"Unset it and sign in: {SIGN_IN}"
        )
    chosen = _chosen(tenants(place, env, keeper, http), wanted)
    if chosen.current:
        return chosen
    for _ in range(2):  # the first answer may be that of an earlier renewal, whose own was lost
        session = keeper.switch_tenant(place, chosen.id)
        url, bearer = session.texts["session_url"], session.access_token
        facts = _facts(http.request("GET", url, bearer=bearer, timeout=REQUEST))
        keeper.note(session, facts)
        if facts.get("tenant_id", session.texts["tenant_id"]) == chosen.id:
            return Tenant(chosen.id, chosen.name, current=True)
    raise Failed(
        "the server renewed the session but left it on its tenant",
        remedy=f"Sign in again and choose the tenant in the browser: {SIGN_IN}",
    )


_NOBODY = {"user_id": "", "tenant_id": "", "tenant_name": "", "email": ""}


def _url(place: AkosPlace, http: Http, what: str) -> str:
    endpoints = discover(place, http)
    return endpoints.session_url if what == "session" else endpoints.tenants_url


def _asked_quietly(http: Http, session: AkosSession) -> dict[str, str]:
    """Return what the workspace says about a session that has just begun; its silence spoils nothing."""
    try:
        url = session.texts["session_url"]
        return _facts(http.request("GET", url, bearer=session.access_token, timeout=REQUEST))
    except (Failed, NotSignedIn, UsageError):
        return {}


def _facts(answer: Answer) -> dict[str, str]:
    found = told(answer.body) if answer.ok else {}
    if not found:  # a page that says nothing of anybody has not confirmed a session
        raise _refused(answer, "", "akos.session_url")
    return found


def _refused(answer: Answer, url: str, setting: str) -> NotSignedIn | Failed:
    if answer.status in (401, 403):
        return NotSignedIn(
            "the AKOS workspace rejects the session",
            remedy=f"It expired, was revoked, or belongs to another workspace: sign in again ({SIGN_IN}).",
        )
    if answer.status in (404, 405) or answer.status < 400:
        where = f" at {urlsplit(url).path}" if url else ""
        return Failed(f"the AKOS workspace does not answer that{where}", remedy=f"Set {setting} (amika config set).")
    return Failed(f"the AKOS workspace could not answer (HTTP {answer.status})", remedy="Try again later.")


def _tenants(answer: Answer, current: str) -> list[Tenant] | None:
    """Return what is listed, None when the answer is no list of tenants."""
    listed = answer.body
    for name in ("tenants", "data", "items"):
        if isinstance(listed, dict) and isinstance(listed.get(name), list):
            listed = listed[name]
    if not isinstance(listed, list) or (listed and not any(_is_object(one) for one in listed)):
        return None
    current = answer.text("current") or current
    found = []
    for one in listed:
        key = next((one[n] for n in ("id", "tenantId") if isinstance(one.get(n), str)), "") if _is_object(one) else ""
        if key:
            name = one.get("name")
            found.append(Tenant(key, name if isinstance(name, str) else key, key == current))
    return found


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _chosen(listed: Sequence[Tenant], wanted: str) -> Tenant:
    exact = [one for one in listed if one.id == wanted]
    named = exact or [one for one in listed if one.name.casefold() == wanted.strip().casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        ids = ", ".join(one.id for one in named if one.id.isprintable())
        raise UsageError("several tenants have that name", remedy=f"Give the id of one: {ids}")
    raise NotFound("you have no tenant of that id or name", remedy="List them: amika tenant list")
