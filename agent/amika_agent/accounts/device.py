"""OAuth 2.0 device authorization (RFC 8628): ask for a code, poll until the person has decided."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from amika_agent.clock import Clock
from amika_agent.http import Answer, Http
from amika_local.errors import NotSignedIn
from amika_local.secret import Secret


class SignInCancelled(NotSignedIn):
    """The person stopped the sign-in here."""

    code = "cancelled"


class SignInDenied(NotSignedIn):
    """The person refused the sign-in in the browser."""

    code = "denied"


class SignInExpired(NotSignedIn):
    """The code ran out before anyone used it."""

    code = "expired"


@dataclass(frozen=True)
class DeviceEndpoints:
    """Where the flow runs: URLs, our client there, further form fields of the first request."""

    device_url: str
    token_url: str
    client_id: str
    extra: Mapping[str, str] = field(default_factory=dict)


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
    raise NotImplementedError


def poll(
    code: DeviceCode, endpoints: DeviceEndpoints, http: Http, clock: Clock, cancel: threading.Event
) -> Iterator[Waiting | Answer]:
    """Poll until the server has decided; the last item is its answer: 200, or a 403 that asks for one more step.

    Raises:
        SignInDenied, SignInExpired, SignInCancelled: how it ended.
        Failed: an error that no further polling changes.

    """
    raise NotImplementedError
