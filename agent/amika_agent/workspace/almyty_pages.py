"""almyty's sign-in page: a person's click mints an API key and takes it to the program that waits on this machine."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from amika_agent.workspace.almyty_routes import CLIENT
from amika_agent.workspace.api_keys import TooManyKeysError
from amika_agent.workspace.page import page
from amika_agent.workspace.page_access import form_of
from amika_agent.workspace.services import Services
from amika_agent.workspace.sign_in import RefusedError

_COOKIE = "amika_form"
_PATH = "/cli-login"
_STATE = re.compile(r"[A-Za-z0-9_-]{16,256}")
_FIELDS = ("callback", "success", "state", "response_type")


@dataclass(frozen=True)
class Link:
    """What a program put into the link it opened.

    callback  http://127.0.0.1:PORT/cb on this machine; `origin` is its origin
    state     goes back unchanged
    by_code   the program wants a code to exchange instead of the key itself
    """

    callback: str
    state: str
    by_code: bool

    @property
    def origin(self) -> str:
        """The callback's origin."""
        return self.callback.removesuffix("/cb")

    @property
    def key(self) -> str:
        """What the form is bound to."""
        return f"{self.callback} {self.state} {self.by_code}"

    def answer(self, **fields: str) -> str:
        """Return where the browser goes with these fields and the state.

        A key travels in the fragment, which is never sent over the wire.
        """
        given = "&".join(f"{name}={quote(value, safe='')}" for name, value in {**fields, "state": self.state}.items())
        return f"{self.callback}{'?' if 'code' in fields else '#'}{given}"


class AlmytyPages:
    """The routes of /cli-login."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._run = services.thread.run

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route(_PATH, self.show, methods=["GET"]), Route(_PATH, self.decide, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        """Ask the person."""
        link = read_link(dict(request.query_params))
        if link is None:
            return page("login_end.html", 400, title="Sign in", state="bad_link")
        browser = request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)
        response = page(
            "login.html",
            leads_to=link.origin,
            title="Approve a sign-in",
            who=self._services.identity,
            place=link.origin.removeprefix("http://"),
            hidden={name: request.query_params.get(name, "") for name in _FIELDS},
            form_token=self._services.pages.form_token(browser, link.key),
        )
        response.set_cookie(_COOKIE, browser, path=_PATH, httponly=True, samesite="strict")
        return response

    async def decide(self, request: Request) -> Response:
        """Mint the key, or a code, and take it to the program."""
        fields = await form_of(request)
        link = read_link(fields)
        if link is None or not self._services.pages.form_is_ours(request, _COOKIE, link.key, fields):
            return page("login_end.html", 403, title="Sign in", state="not_ours")
        if fields.get("decision") != "approve":
            return RedirectResponse(link.answer(error="access_denied"), 303)
        try:
            return RedirectResponse(await self._granted(link), 303)
        except TooManyKeysError:
            return page("login_end.html", 409, title="Sign in", state="too_many")
        except RefusedError:
            return page("login_end.html", 429, title="Sign in", state="too_many")

    async def _granted(self, link: Link) -> str:
        if not link.by_code:
            plain, key = await self._run(self._services.api_keys.mint, "almyty command line")
            return link.answer(token=plain, organizationId=key.org_id)
        sign_in = self._services.sign_in
        started = await self._run(sign_in.start, CLIENT, program="almyty command line")
        await self._run(sign_in.decide, started.user_code, approve=True)
        return link.answer(code=started.device_code)


def read_link(fields: dict[str, str]) -> Link | None:
    """Return what the program asks for; None when a key must not go there."""
    state = fields.get("state", "")
    callback, success = fields.get("callback", ""), fields.get("success", "")
    origin = _own_machine(callback, "/cb")
    if not origin or not _STATE.fullmatch(state) or (success and _own_machine(success, "/success") != origin):
        return None
    return Link(f"{origin}/cb", state, fields.get("response_type") == "code")


def _own_machine(url: str, path: str) -> str:
    """Return the origin of a URL that leads to exactly this path of a program on this machine, else ""."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    origin = f"http://127.0.0.1:{port}"
    return origin if port and port >= 1024 and url == origin + path else ""
