"""When a session is renewed and what a renewal makes of it: pure functions, times in epoch seconds of this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from amika_agent.session.meta import Meta
from amika_local import rfc3339
from amika_local.errors import Failed
from amika_local.secret import Secret
from amika_local.session_file import StoredSession

# the Go CLI renews at 60 s without a lock: whoever keeps clear of it renews earlier
AGENT_LEAD, AGENT_SHARE = 90.0, 0.2
CLI_LEAD = 75.0
# a token that another process just fetched is used with this much left, whatever the lead
ADOPT_LEFT = 10.0
# the authorization server gives the same pair again to a replay within 30 s
GRACE = 30.0
# a wrong clock further off than this is learned
SKEW_NOTICED = 30.0
# a server that asks for more than this is not obeyed, nor is a note from before the clock was set back
LONGEST_WAIT = 3600.0
# no token is spent twice within
SPACING = 10.0


def digest(token: Secret) -> str:
    """Return a name for a refresh token: its SHA-256; it has enough entropy to keep its own secret."""
    return hashlib.sha256(token.reveal().encode()).hexdigest()


def left(session: StoredSession, skew: float, now: float) -> float:
    """Return how many seconds the access token is good for; infinite when it does not say."""
    end = session.expiry(skew)
    return float("inf") if end is None else end - now


def lead(session: StoredSession, meta: Meta, role: str) -> float:
    """Return how many seconds before its end the token is renewed."""
    lifetime = session.lifetime()
    mine = meta.got == digest(session.refresh_token)
    wanted = max(AGENT_LEAD, AGENT_SHARE * (lifetime or 0.0)) + _jitter(session) if role == "agent" else CLI_LEAD
    if mine and lifetime is None and session.expires_at is not None and meta.got_at:
        lifetime = session.expires_at - meta.got_at
    # we renewed it ourselves: a short lifetime must not make us renew it again at once
    return min(wanted, 0.5 * lifetime) if mine and lifetime else wanted


def hurried(session: StoredSession, meta: Meta, now: float) -> bool:
    """Tell whether this refresh token was sent a moment ago and no answer was stored: ask again inside the grace."""
    return meta.sent(digest(session.refresh_token)) and abs(now - meta.sent_at) < GRACE


def just_renewed(session: StoredSession, meta: Meta, now: float) -> bool:
    """Tell whether this very pair was fetched less than 10 s ago: another renewal would bring nothing."""
    return meta.got == digest(session.refresh_token) and 0 <= now - meta.got_at < SPACING


def asked_to_wait(meta: Meta, now: float) -> float:
    """Return until when the server has asked us to wait, 0 when it has not."""
    return meta.not_before if now < meta.not_before <= now + LONGEST_WAIT else 0.0


def merged(old: StoredSession | None, answer: Mapping[str, object], now: float) -> StoredSession:
    """Return the session after an answer of the authorization server; what the answer leaves out keeps its old value.

    Raises:
        Failed: there is no access token in the answer.

    """
    access = answer.get("access_token")
    if not isinstance(access, str) or not access.strip():
        raise Failed("the server's answer holds no access token", remedy="Try again in a moment.")
    user = answer.get("user")
    user = user if isinstance(user, Mapping) else {}
    refresh = _text(answer.get("refresh_token"))
    found = StoredSession(
        Secret(access.strip()),
        Secret(refresh) if refresh else (old.refresh_token if old else Secret("")),
        user_id=_text(user.get("id")) or (old.user_id if old else ""),
        email=_text(user.get("email")) or (old.email if old else ""),
        raw=dict(old.raw) if old else {},
    )
    found.organization_id = (
        _text(answer.get("organization_id")) or found.organization_id or (old.organization_id if old else "")
    )
    found.expires_at = _end(found, answer, now)
    return found


def skew_of(session: StoredSession, now: float) -> float:
    """Return how far our clock is ahead of the server's, learned from a token it just issued; 0 when close enough."""
    if session.issued_at is None:
        return 0.0
    difference = now - session.issued_at
    return difference if abs(difference) > SKEW_NOTICED else 0.0


def as_file(session: StoredSession) -> dict[str, object]:
    """Return the JSON object of `workos-session.json`; the Go CLI reads the first six fields."""
    return {
        "access_token": session.access_token.reveal(),
        "refresh_token": session.refresh_token.reveal(),
        "user_id": session.user_id,
        "email": session.email,
        "organization_id": session.organization_id,
        "expires_at": rfc3339.text(session.expires_at) if session.expires_at is not None else "",
        **session.raw,
    }


def _end(session: StoredSession, answer: Mapping[str, object], now: float) -> float | None:
    """Return the end by our clock, so that the Go CLI, which knows no skew, renews at the right moment too."""
    if session.token_exp is not None:
        return session.token_exp + skew_of(session, now)
    seconds = answer.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < 1e9:
        return None
    return now + seconds


def _jitter(session: StoredSession) -> float:
    # up to 10 s earlier, the same for one token however often it is asked
    return int(digest(session.refresh_token)[:2], 16) / 25.5


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
