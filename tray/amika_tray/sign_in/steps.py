"""A sign-in as the dialog sees it: events of the agent's stream in, what to show out. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from amika_shared.redaction import safe_line
from amika_tray.wording import named, t

_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Phase = Literal["starting", "code", "choose", "done", "failed"]


@dataclass(frozen=True)
class SignIn:
    """What the dialog shows.

    code           as the person compares it: "ABCD-EFGH"
    address        where to approve, to read and type; page: the same with the code in it, or `address`
    here           only a browser on this machine can approve: the page ends at a port of its own
    expires_at     epoch seconds, or None when the agent does not say
    note           what is going on meanwhile ("the network is away, trying again"), or ""
    organizations  (id, name) to choose from
    email          who is signed in, once done
    message, remedy  why it failed and what to do
    """

    phase: Phase = "starting"
    code: str = ""
    address: str = ""
    page: str = ""
    here: bool = False
    expires_at: float | None = None
    note: str = ""
    organizations: tuple[tuple[str, str], ...] = ()
    email: str = ""
    message: str = ""
    remedy: str = ""

    @property
    def over(self) -> bool:
        """Tell whether nothing more will come."""
        return self.phase in ("done", "failed")


def advanced(before: SignIn, event: Mapping[str, Any]) -> SignIn:
    """Return what to show after one event of the stream; an unknown event changes nothing."""
    match event.get("event"):
        case "code":
            address = _text(event, "verification_uri")
            return replace(
                before,
                phase="code",
                code=_text(event, "user_code"),
                address=address,
                page=_text(event, "verification_uri_complete") or address,
                here=event.get("here") is True,
                expires_at=_time(event.get("expires_at")),
                note="",
            )
        case "waiting":
            return replace(before, note=_text(event, "message"))
        case "choose_organization":
            return replace(before, phase="choose", organizations=_organizations(event.get("organizations")), note="")
        case "done":
            return replace(before, phase="done", email=_text(event, "email"), note="")
    return before


def failed(before: SignIn, code: str, message: str, remedy: str) -> SignIn:
    """Return what to show after the stream's error; an end before "done" is one too."""
    if before.over:
        return before
    said = safe_line(message) or t("The sign-in ended without an answer.")
    if code == "gone":
        said, remedy = t("The agent stopped during the sign-in."), t("Try again: it is started anew.")
    return replace(before, phase="failed", message=said, remedy=safe_line(remedy), note="")


def may_open(address: str) -> bool:
    """Tell whether a browser may be sent there: https, or http to this very machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not address.isascii() or not address.isprintable() or " " in address or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def to_read(shown: SignIn) -> str:
    """Return the address as it is shown: whole where a person may have to type it, else only whose page it is."""
    if not shown.here:
        return shown.address
    try:
        return urlsplit(shown.address).hostname or shown.address
    except ValueError:
        return shown.address


def on_this_machine(address: str) -> bool:
    """Tell whether only this very machine can open the address."""
    try:
        return urlsplit(address).hostname in _LOOPBACK
    except ValueError:
        return False


def left(expires_at: float | None, now: float) -> str:
    """Return the countdown, "9:41", or "" when there is no end or it is too far away to count."""
    if expires_at is None:
        return ""
    seconds = max(0, math.ceil(expires_at - now))
    if seconds >= 86_400:
        return ""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _organizations(value: object) -> tuple[tuple[str, str], ...]:
    found = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    pairs = ((_text(item, "id"), _text(item, "name")) for item in found)
    return tuple((key, named(name, 80) or key) for key, name in pairs if key)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return safe_line(value) if isinstance(value, str) else ""


def _time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
