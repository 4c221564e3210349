"""Who may see the overview, and that a form was really filled in on our own page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from starlette.requests import Request

from amika_agent.clock import Clock
from amika_agent.workspace.bodies import BadBodyError, form_fields

VISIT = 12 * 3600.0
_MOST = 64


class PageAccess:
    """One-time keys, visits and form tokens of one run of the server; nothing of it is stored."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._keys: dict[str, None] = {}
        self._visits: dict[str, float] = {}

    def new_key(self) -> str:
        """Return a key that opens the overview once; the owner alone gets to see it."""
        key = secrets.token_urlsafe(24)
        self._keys[_hashed(key)] = None
        while len(self._keys) > _MOST:
            del self._keys[next(iter(self._keys))]
        return key

    def enter(self, key: str) -> str | None:
        """Return the cookie of a new visit for a key that was not used yet, else None."""
        if self._keys.pop(_hashed(key), "absent") == "absent":
            return None
        cookie = secrets.token_urlsafe(24)
        self._visits[_hashed(cookie)] = self._clock.now() + VISIT
        while len(self._visits) > _MOST:
            del self._visits[next(iter(self._visits))]
        return cookie

    def is_visitor(self, cookie: str) -> bool:
        """Tell whether a cookie belongs to a visit that is not over."""
        return self._visits.get(_hashed(cookie), 0.0) > self._clock.now()

    def form_token(self, browser: str, key: str) -> str:
        """Return the token a form needs, for this browser's cookie and this `key` only: a code, an address."""
        text = f"{len(browser)}:{browser}:{key}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def form_is_ours(self, request: Request, cookie: str, key: str, fields: Mapping[str, str]) -> bool:
        """Tell whether a form was filled in on the page that this browser was given for `key`.

        Args:
            request: what brought it.
            cookie: name of the cookie that the page has set.
            key: what the page was about: a code, or the address of a program.
            fields: of the form.

        """
        browser, token = request.cookies.get(cookie, ""), fields.get("form_token", "")
        ours = bool(browser) and hmac.compare_digest(self.form_token(browser, key).encode(), token.encode())
        return ours and "origin" in request.headers  # browsers name it with every form; the Guard has checked it


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a page's form; {} where the body is none, and then it is not ours either."""
    try:
        return form_fields(await request.body())
    except BadBodyError:
        return {}


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
