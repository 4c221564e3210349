"""What WorkOS does, as far as a client can see, without HTTP: device codes, sessions, rotation, replay, reuse.

Written from the documented behaviour, not from our client: an answer is `(status, JSON object)`.
"""

from __future__ import annotations

import base64
import itertools
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SELECTION_GRANT = "urn:workos:oauth:grant-type:organization-selection"

Result = tuple[int, dict[str, object]]


def token(claims: dict[str, object]) -> str:
    """A token with the shape of a JWT; nobody here verifies its signature."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256', 'typ': 'JWT'})}.{part(claims)}.{secrets.token_urlsafe(8)}"


@dataclass
class Session:
    sid: str
    user_id: str
    email: str
    org_id: str
    refresh: str
    access: set[str] = field(default_factory=set)
    ended: str = ""
    # spent refresh token -> (when it was exchanged, the pair that it gave)
    spent: dict[str, tuple[float, dict[str, object]]] = field(default_factory=dict)


@dataclass
class Code:
    user_code: str
    expires_at: float
    interval: float
    state: str = "pending"
    polled_at: float = 0.0
    extra: dict[str, str] = field(default_factory=dict)


class WorkosModel:
    """`now` is the server's clock; `lifetime` of an access token, `grace` of a replay, both in seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.lifetime = 300.0
        self.grace = 30.0
        self.interval: float | None = 1
        self.expires_in: float | None = 300
        self.client_id = "client_01KHA495MJS1KT6QBRTYJ239DY"
        self.verification_uri = ""
        self.omit: set[str] = set()  # fields left out of a refresh answer
        self.strict_polling = False
        self.new_sid_per_refresh = False
        self.step_up = ""
        self.refresh_error = ""
        self.user = ("user_01FAKE", "dev@example.com")
        self.organizations: list[tuple[str, str]] = [("org_01ACME", "Acme")]
        self.ignores_organization = False
        self.codes: dict[str, Code] = {}
        self.sessions: dict[str, Session] = {}
        self.pending: dict[str, str] = {}
        self.lock = threading.RLock()
        self._count = itertools.count(1)

    # what a person does

    def approve(self, user_code: str) -> None:
        self._decide(user_code, "approved")

    def deny(self, user_code: str) -> None:
        self._decide(user_code, "denied")

    def expire(self, user_code: str) -> None:
        self._decide(user_code, "expired")

    def end(self, sid: str, why: str = "ended elsewhere") -> None:
        with self.lock:
            self.sessions[sid].ended = why

    def open_session(self) -> dict[str, object]:
        """A finished sign-in without the flow: the answer a client would have got."""
        with self.lock:
            return self._answer(self._session("org_01ACME"))

    def live(self) -> list[Session]:
        with self.lock:
            return [session for session in self.sessions.values() if not session.ended]

    def accepts(self, access: str) -> bool:
        with self.lock:
            return any(access in session.access for session in self.sessions.values())

    # what a client asks

    def device(self, form: dict[str, str]) -> Result:
        with self.lock:
            if form.get("client_id") != self.client_id:
                return 400, {"error": "invalid_client", "error_description": "unknown client"}
            number = next(self._count)
            user_code = f"FAKE-{number:04d}"
            device_code = f"device_{number}_{secrets.token_urlsafe(16)}"
            code = Code(user_code, self.now() + (self.expires_in or 300), self.interval or 5)
            code.extra = {key: value for key, value in form.items() if key != "client_id"}
            self.codes[device_code] = code
            answer: dict[str, object] = {
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": self.verification_uri,
                "verification_uri_complete": f"{self.verification_uri}?user_code={user_code}",
            }
            if self.expires_in is not None:
                answer["expires_in"] = self.expires_in
            if self.interval is not None:
                answer["interval"] = self.interval
            return 200, answer

    def authenticate(self, form: dict[str, str]) -> Result:
        with self.lock:
            if form.get("client_id") != self.client_id:
                return _error("invalid_client")
            grants = {DEVICE_GRANT: self._poll, SELECTION_GRANT: self._select, "refresh_token": self._refresh}
            grant = grants.get(form.get("grant_type", ""))
            return grant(form) if grant else _error("unsupported_grant_type")

    def logout(self, sid: str) -> int:
        with self.lock:
            if sid in self.sessions:
                self.sessions[sid].ended = "signed out"
                return 302
            return 404

    def _decide(self, user_code: str, state: str) -> None:
        with self.lock:
            next(code for code in self.codes.values() if code.user_code == user_code).state = state

    def _poll(self, form: dict[str, str]) -> Result:
        code = self.codes.get(form.get("device_code", ""))
        if code is None or code.state == "used":
            return _error("invalid_grant")
        if code.state == "expired" or self.now() >= code.expires_at:
            return _error("expired_token")
        early = self.now() - code.polled_at < code.interval - 0.05
        code.polled_at = self.now()
        if self.strict_polling and early:
            code.interval += 5
            return _error("slow_down")
        if code.state == "pending":
            return _error("authorization_pending")
        if code.state == "denied":
            return _error("access_denied")
        code.state = "used"
        return self._granted()

    def _granted(self) -> Result:
        user = {"object": "user", "id": self.user[0], "email": self.user[1], "first_name": "Dev"}
        waiting = f"pending_{secrets.token_urlsafe(12)}"
        if self.step_up:
            return 403, {
                "code": self.step_up,
                "message": "Please finish in the browser.",
                "pending_authentication_token": waiting,
            }
        if len(self.organizations) > 1:
            self.pending[waiting] = self.user[0]
            return 403, {
                "code": "organization_selection_required",
                "message": "The user must choose an organization.",
                "pending_authentication_token": waiting,
                "organizations": [{"id": id_, "name": name} for id_, name in self.organizations],
                "user": user,
            }
        org = self.organizations[0][0] if self.organizations else ""
        return 200, self._answer(self._session(org))

    def _select(self, form: dict[str, str]) -> Result:
        if form.get("pending_authentication_token") not in self.pending:
            return _error("invalid_grant")
        org = form.get("organization_id", "")
        if org not in [id_ for id_, _ in self.organizations]:
            return _error("invalid_request")
        del self.pending[form["pending_authentication_token"]]
        return 200, self._answer(self._session(org))

    def _refresh(self, form: dict[str, str]) -> Result:  # noqa: PLR0911 -- one return a rule
        if self.refresh_error:
            return _error(self.refresh_error)
        given = form.get("refresh_token", "")
        for session in self.sessions.values():
            if given != session.refresh and given not in session.spent:
                continue
            if session.ended:
                return _error("invalid_grant", "session has ended")
            if given in session.spent:
                at, answer = session.spent[given]
                if self.now() - at <= self.grace:
                    return 200, answer
                session.ended = "a spent refresh token was used again"
                return _error("invalid_grant", "refresh token already exchanged")
            org = form.get("organization_id", "")
            if org and org not in [id_ for id_, _ in self.organizations]:
                return _error("invalid_grant", "not a member of this organization")
            session.org_id = (not self.ignores_organization and org) or session.org_id
            session.refresh = f"rt_{secrets.token_urlsafe(16)}"
            if self.new_sid_per_refresh:
                self.sessions.pop(session.sid)
                session.sid = f"session_{next(self._count):04d}"
                self.sessions[session.sid] = session
            answer = self._answer(session)
            session.spent[given] = (self.now(), answer)
            return 200, answer
        return _error("invalid_grant", "unknown refresh token")

    def _session(self, org_id: str) -> Session:
        sid = f"session_{next(self._count):04d}"
        session = Session(sid, self.user[0], self.user[1], org_id, f"rt_{secrets.token_urlsafe(16)}")
        self.sessions[sid] = session
        return session

    def _answer(self, session: Session) -> dict[str, object]:
        now = self.now()
        claims: dict[str, object] = {
            "iss": "https://api.workos.com",
            "sub": session.user_id,
            "sid": session.sid,
            "jti": secrets.token_hex(8),
            "iat": int(now),
            "exp": int(now + self.lifetime),
        }
        if session.org_id:
            claims["org_id"] = session.org_id
        access = token(claims)
        session.access.add(access)
        answer: dict[str, object] = {
            "user": {"object": "user", "id": session.user_id, "email": session.email, "first_name": "Dev"},
            "organization_id": session.org_id,
            "access_token": access,
            "refresh_token": session.refresh,
            "authentication_method": "GoogleOAuth",
        }
        return {key: value for key, value in answer.items() if key not in self.omit}


def _error(code: str, text: str = "see error") -> Result:
    return 400, {"error": code, "error_description": text}
