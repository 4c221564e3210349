"""What the loopback sign-in answers to which request: the rules, without a socket."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from amika_agent.accounts.loopback_page import end_page, fragment_page, success_page
from amika_agent.accounts.loopback_request import RefusedRequest, Request
from amika_local.secret import Secret

WRONG_TRIES = 10
LONGEST_TOKEN = 4096
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_FIELDS = ("token", "state", "code", "error", "organizationId")
_METHODS = {"/cb": ("GET", "POST", "OPTIONS"), "/cb-complete": ("POST",), "/success": ("GET",)}
_BASE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Connection": "close",
}


@dataclass(frozen=True)
class Grant:
    """What the browser brought: a token, a code to exchange for one, or a refusal (`denied`).

    typed  a person pasted the token in the terminal instead
    """

    token: Secret = field(default_factory=lambda: Secret(""))
    code: Secret = field(default_factory=lambda: Secret(""))
    organization_id: str = ""
    denied: bool = False
    typed: bool = False


@dataclass(frozen=True)
class Reply:
    """An answer. `grant` has to be judged first; the answer that is sent then is `Rules.judged`'s."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    grant: Grant | None = None
    finished: bool = False


class Rules:
    """One sign-in: what is accepted, once, and what never.

    tries     wrong states so far; at WRONG_TRIES the sign-in is over
    accepted  a grant was taken; nothing else ever is
    """

    def __init__(self, port: int, state: str, frontend_origin: str) -> None:
        self.tries = 0
        self.accepted = False
        self._signed_in = False
        self._host = f"127.0.0.1:{port}"
        self._own = f"http://{self._host}"
        self._state = state
        self._frontend = frontend_origin

    @property
    def exhausted(self) -> bool:
        """Tell whether there were too many wrong tries."""
        return self.tries >= WRONG_TRIES

    def answer(self, request: Request) -> Reply:
        """Return the answer; raises RefusedRequest."""
        if request.header("host") != self._host:
            # a name that was made to point here (DNS rebinding) stands in Host
            raise RefusedRequest(421, "This is not the address of the sign-in.")
        allowed = _METHODS.get(request.path)
        if allowed is None:
            raise RefusedRequest(404, "There is nothing at this address.")
        if request.method not in allowed:
            raise RefusedRequest(405, "Not this method.")
        if request.path == "/success":
            return self._success()
        if request.method == "OPTIONS":
            return self._preflight(request)
        return self._from_address(request) if request.method == "GET" else self._posted(request)

    def judged(self, request: Request, problem: str) -> Reply:
        """Return the answer to the request whose grant was judged; `problem` "" when the person is signed in."""
        self._signed_in = not problem
        if request.method == "GET":
            return _redirect("/success") if not problem else _end("You are not signed in", problem, 403)
        form = request.path == "/cb" and not _is_json(request)
        if form:
            return _redirect("/success") if not problem else _end("You are not signed in", problem, 403)
        reply = _json({"ok": True}, 200) if not problem else _json({"ok": False, "message": problem}, 403)
        return self._shared(request, reply)

    def _success(self) -> Reply:
        if not self._signed_in:
            return _end("Not signed in yet", "Finish the sign-in in the browser first.", 409)
        return _html(*success_page(), 200, finished=True)

    def _preflight(self, request: Request) -> Reply:
        if not self._is_frontend(request):
            raise RefusedRequest(403, "Another website must not use this sign-in.")
        headers = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type"}
        if request.header("access-control-request-private-network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
        return self._shared(request, Reply(204, {**_BASE, **headers}))

    def _from_address(self, request: Request) -> Reply:
        """GET /cb: the page that reads the fragment; or, in the query, a code or a refusal."""
        fields = _pairs(request.query)
        if not fields.get("code") and not fields.get("error"):
            return _html(*fragment_page(), 200)
        if request.header("sec-fetch-mode") not in ("", "navigate") or request.header("sec-fetch-dest") not in (
            "",
            "document",
        ):
            raise RefusedRequest(403, "Another website must not use this sign-in.")
        fields.pop("token", None)  # a key in a query would be in logs and histories: never taken from there
        return self._granted(fields)

    def _posted(self, request: Request) -> Reply:
        origin = request.header("origin")
        if origin != self._own and not (request.path == "/cb" and self._is_frontend(request)):
            raise RefusedRequest(403, "Another website must not use this sign-in.")
        if request.path == "/cb-complete" and not _is_json(request):
            raise RefusedRequest(415, "That is not JSON.")
        return self._granted(_object(request.body) if _is_json(request) else _pairs(request.body.decode("latin-1")))

    def _granted(self, fields: Mapping[str, str]) -> Reply:
        if self.exhausted:
            raise RefusedRequest(429, "There were too many wrong tries. Start the sign-in again.")
        if not hmac.compare_digest(fields.get("state", "").encode("utf-8", "replace"), self._state.encode()):
            self.tries += 1
            raise RefusedRequest(403, "This link belongs to another sign-in. Start the sign-in again.")
        if self.accepted:
            raise RefusedRequest(409, "This sign-in was finished already. You can close this window.")
        grant = _grant(fields)
        self.accepted = True
        return Reply(200, {}, grant=grant)

    def _is_frontend(self, request: Request) -> bool:
        return bool(self._frontend) and request.header("origin") == self._frontend

    def _shared(self, request: Request, reply: Reply) -> Reply:
        if not self._is_frontend(request):
            return reply
        headers = {**reply.headers, "Access-Control-Allow-Origin": self._frontend, "Vary": "Origin"}
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return Reply(reply.status, headers, reply.body, reply.grant, reply.finished)


def refusal(error: RefusedRequest, request: Request | None) -> Reply:
    """Return the answer to a refused request: a page for a person, JSON for a script."""
    if request is not None and request.method == "GET":
        return _end("You are not signed in" if error.status != 404 else "Nothing is here", error.text, error.status)
    return _json({"ok": False, "message": error.text}, error.status)


def _grant(fields: Mapping[str, str]) -> Grant:
    if fields.get("error"):
        return Grant(denied=True)
    token, code = fields.get("token", ""), fields.get("code", "")
    value = token or code
    if not value or len(value) > LONGEST_TOKEN or not value.isascii() or not value.isprintable() or " " in value:
        raise RefusedRequest(400, "The login that arrived is not usable. Start the sign-in again.")
    organization = fields.get("organizationId", "")
    return Grant(Secret(token), Secret("" if token else code), organization if _ID.fullmatch(organization) else "")


def _object(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedRequest(400, "That is not JSON.") from None
    if not isinstance(found, dict):
        raise RefusedRequest(400, "That is not a JSON object.")
    return {name: value for name in _FIELDS if isinstance(value := found.get(name), str)}


def _pairs(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise RefusedRequest(400, "The fields are malformed.") from None
    found = {name: value for name, value in pairs if name in _FIELDS}
    if len(found) != sum(name in _FIELDS for name, _ in pairs):
        raise RefusedRequest(400, "A field is given twice.")
    return found


def _is_json(request: Request) -> bool:
    return request.header("content-type").partition(";")[0].strip().lower() == "application/json"


def _html(html: str, policy: str, status: int, *, finished: bool = False) -> Reply:
    headers = {**_BASE, "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    return Reply(status, headers, html.encode(), finished=finished)


def _end(title: str, text: str, status: int) -> Reply:
    return _html(*end_page(title, text), status)


def _json(value: object, status: int) -> Reply:
    policy = "default-src 'none'; frame-ancestors 'none'"
    headers = {**_BASE, "Content-Type": "application/json", "Content-Security-Policy": policy}
    return Reply(status, headers, json.dumps(value).encode())


def _redirect(path: str) -> Reply:
    return Reply(303, {**_BASE, "Location": path, "Content-Security-Policy": "default-src 'none'"})
