"""Who may see the overview, and that a form was really filled in on our own page."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from amika_agent.clock import Clock

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

    def form_token(self, browser: str, user_code: str) -> str:
        """Return the token a form needs, for this browser's cookie and this code only."""
        text = f"{len(browser)}:{browser}:{user_code}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def form_is_ours(self, browser: str, user_code: str, token: str) -> bool:
        """Tell whether `token` is the form token of this browser and code."""
        return bool(browser) and hmac.compare_digest(self.form_token(browser, user_code).encode(), token.encode())


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
