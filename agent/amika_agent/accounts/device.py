"""OAuth 2.0 device authorization (RFC 8628): ask for a code, poll until the person has decided."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from amika_agent.clock import Clock
from amika_agent.http.client import Answer, Http, NoAnswer, sendable
from amika_agent.http.urls import may_open
from amika_local.errors import Failed, NotSignedIn
from amika_local.secret import Secret

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
REQUEST = 10.0
SLOWEST = 60.0
# lowest, highest, when absent: seconds
EXPIRES_IN = (30.0, 1800.0, 300.0)
INTERVAL = (1.0, 60.0, 5.0)
# what a server may want of the person before it lets them in; no polling brings that
STEP_UPS = {
    "email_verification_required": "your e-mail address has to be confirmed first",
    "mfa_enrollment": "your organization asks you to set up a second factor first",
    "mfa_challenge": "your organization asks for your second factor",
    "sso_required": "your organization asks for its single sign-on",
    "organization_authentication_methods_required": "your organization asks for another way to sign in",
}


class SignInCancelled(NotSignedIn):
    """The person stopped the sign-in here."""

    code = "cancelled"


class SignInDenied(NotSignedIn):
    """The person refused the sign-in in the browser."""

    code = "denied"


class SignInExpired(NotSignedIn):
    """The code ran out before anyone used it."""

    code = "expired"


def cancellable(http: Http, cancel: threading.Event) -> Http:
    """Return the client whose requests end with SignInCancelled at once when the person cancels."""
    return http.unless(cancel, lambda: SignInCancelled("sign-in cancelled"))


@dataclass(frozen=True)
class DeviceEndpoints:
    """Where the flow runs: URLs, our client there, further form fields of the first request.

    again   command that starts the sign-in again, for remedies
    server  what names the server, for remedies
    """

    device_url: str
    token_url: str
    client_id: str
    extra: Mapping[str, str] = field(default_factory=dict)
    again: str = "amika auth login"
    server: str = "AMIKA_WORKOS_URL and AMIKA_WORKOS_CLIENT_ID: they change together"


@dataclass(frozen=True)
class DeviceCode:
    """A code to be typed in a browser; times in epoch seconds and seconds. The device code itself is never shown."""

    device_code: Secret
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_at: float
    interval: float


@dataclass(frozen=True)
class Waiting:
    """Nobody has decided yet; `message` is for the person, "" when there is nothing new to say."""

    message: str


def request_code(endpoints: DeviceEndpoints, http: Http, clock: Clock) -> DeviceCode:
    """Ask for a code.

    Raises:
        Failed: the server refuses this client or answers nonsense.
        Unreachable: no answer.

    """
    form = {"client_id": endpoints.client_id, **endpoints.extra}
    answer = http.request("POST", endpoints.device_url, form=form, timeout=REQUEST)
    if not answer.ok:
        raise _refused(answer, endpoints)
    code, shown, page = (answer.text(name) for name in ("device_code", "user_code", "verification_uri"))
    if not code or not _showable(shown) or not page:
        what = "what answers is not a sign-in server (a captive portal?)" if answer.body is None else "it holds no code"
        raise Failed(f"the sign-in server's answer cannot be used: {what}", remedy=f"Check {endpoints.server}.")
    if not may_open(page):
        raise Failed("the sign-in server names a page that is not safe to open", remedy=f"Check {endpoints.server}.")
    complete = answer.text("verification_uri_complete")
    return DeviceCode(
        Secret(code),
        shown,
        page,
        complete if may_open(complete) and _same_site(complete, page) else "",
        clock.now() + _seconds(answer.field("expires_in"), *EXPIRES_IN),
        _seconds(answer.field("interval"), *INTERVAL),
    )


def poll(
    code: DeviceCode, endpoints: DeviceEndpoints, http: Http, clock: Clock, cancel: threading.Event
) -> Iterator[Waiting | Answer]:
    """Poll until the server has decided; the last item is its answer: 200, or a refusal that asks for one more step.

    Waits first. `slow_down` adds five seconds for good; a server that cannot be reached is asked again, ever more
    slowly, until the code runs out.

    Raises:
        SignInDenied, SignInExpired, SignInCancelled: how it ended.
        Failed: an error that no further polling changes.

    """
    interval, failures = code.interval, 0
    end = clock.monotonic() + max(0.0, code.expires_at - clock.now())
    form = {"grant_type": GRANT, "device_code": code.device_code.reveal(), "client_id": endpoints.client_id}
    while True:
        pause = min(interval * 2 ** min(failures, 6), max(interval, SLOWEST)) if failures else interval
        if clock.sleep(max(0.0, min(pause, end - clock.monotonic())), cancel):
            raise SignInCancelled("sign-in cancelled")
        if clock.monotonic() >= end:
            raise SignInExpired("the code has expired", remedy=f"Start again: {endpoints.again}")
        try:
            answer = http.request("POST", endpoints.token_url, form=form, timeout=REQUEST)
        except NoAnswer as error:
            failures += 1
            yield Waiting(f"{error.message}; still trying")
            continue
        if cancel.is_set():
            raise SignInCancelled("sign-in cancelled")
        verdict = _verdict(answer, endpoints)
        if verdict == "decided":
            yield answer
            return
        if verdict == "slow_down":
            interval += 5.0
        if verdict == "unusable":
            failures += 1
            interval = max(interval, answer.retry_after() or 0.0)
            yield Waiting("the sign-in server has a problem; still trying")
            continue
        yield Waiting("the connection is back" if failures else "")
        failures = 0


def _verdict(answer: Answer, endpoints: DeviceEndpoints) -> str:
    """Return "pending", "slow_down", "decided" or "unusable"; raise for the ends."""
    if answer.ok:
        return "decided" if sendable(answer.text("access_token").strip()) else "unusable"
    error = answer.text("error") or answer.text("code")
    if error == "authorization_pending":
        return "pending"
    if error == "slow_down":
        return "slow_down"
    if error == "access_denied":
        raise SignInDenied("the sign-in was denied in the browser", remedy=f"Start again: {endpoints.again}")
    if error == "expired_token":
        raise SignInExpired("the code has expired", remedy=f"Start again: {endpoints.again}")
    if answer.status == 403 and answer.text("pending_authentication_token"):
        return "decided"
    if 400 <= answer.status < 500 and error in STEP_UPS:
        return "decided"
    if answer.status == 429 or answer.status >= 500 or answer.status < 400:
        return "unusable"
    raise _refused(answer, endpoints)


def _refused(answer: Answer, endpoints: DeviceEndpoints) -> Failed:
    if answer.status == 429 or answer.status >= 500:
        return Failed(refused(answer), remedy=f"Try again in a moment: {endpoints.again}")
    return Failed(refused(answer), remedy=f"Check {endpoints.server}.")


def refused(answer: Answer) -> str:
    """Return what a refusal means, for the person; only words that we know are repeated: a body may hold anything."""
    if answer.status == 429:
        return "the sign-in server asks to slow down"
    if answer.status >= 500:
        return f"the sign-in server has a problem (HTTP {answer.status})"
    if answer.status < 400:
        return "the sign-in server's address leads elsewhere (a captive portal, or another server)"
    known = {
        "invalid_client": "this client is not known there",
        "unauthorized_client": "this client may not sign in by a code there",
        "invalid_grant": "the code is no longer valid",
        "invalid_request": "it did not understand the request",
    }
    word = answer.text("error") or answer.text("code")
    return f"the sign-in server refused: {known.get(word, f'HTTP {answer.status}')}"


def _showable(code: str) -> bool:
    return 1 <= len(code) <= 64 and code.isascii() and code.isprintable()


def _same_site(url: str, other: str) -> bool:
    return urlsplit(url)[:2] == urlsplit(other)[:2]


def _seconds(value: object, low: float, high: float, default: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124 -- NaN
        return default
    return float(min(max(value, low), high))
