"""The pages people see: the sign-in page, its end pages, and the overview of what is stored."""

from __future__ import annotations

import secrets
import shlex
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from amika_agent.workspace.overview import Overview, overview
from amika_agent.workspace.page import page
from amika_agent.workspace.page_access import VISIT, form_of
from amika_agent.workspace.services import Services
from amika_agent.workspace.sign_in import Pending, normal_user_code
from amika_agent.workspace.storage import PENDING

_STATUS = {"unknown": 404, "expired": 410}
_COOKIE = "amika_form"


class PageRoutes:
    """The routes of the pages. They work without JavaScript; there is none."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._run = services.thread.run
        # cookies are shared by all ports of a host: two workspaces must not overwrite each other's
        self._visit = f"amika_visit_{services.url.rpartition(':')[2]}"

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self.overview, methods=["GET"]),
            Route("/device", self.show, methods=["GET"]),
            Route("/cli-auth", self.show, methods=["GET"]),
            Route("/device", self.decide, methods=["POST"]),
            Route("/favicon.ico", self.no_icon, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show the sign-in of a code, its end, or the field to type a code into."""
        # almyty's programs send people to /cli-auth?code=…
        typed = request.query_params.get("user_code") or request.query_params.get("code", "")
        if not typed.strip():
            return page("enter.html", title="Sign in")
        pending = await self._run(self._services.sign_in.look, typed)
        if pending is None:
            return self._end("unknown")
        if pending.state != PENDING:
            return self._end(pending.state, pending)
        browser = request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)
        response = page(
            "device.html",
            title="Approve a sign-in",
            pending=pending,
            who=self._services.identity,
            expires=_clock_time(self._services.clock.now() + pending.seconds_left),
            form_token=self._services.pages.form_token(browser, pending.user_code),
        )
        response.set_cookie(_COOKIE, browser, path="/device", httponly=True, samesite="strict")
        return response

    async def decide(self, request: Request) -> Response:
        """Take the person's decision and lead to the page that says what it became."""
        fields = await form_of(request)
        code, decision = normal_user_code(fields.get("user_code", "")), fields.get("decision", "")
        if not self._services.pages.form_is_ours(request, _COOKIE, code, fields):
            return self._end("not_ours", status=403)
        if decision not in ("approve", "deny"):
            return self._end("not_ours", status=400)
        await self._run(self._services.sign_in.decide, code, approve=decision == "approve")
        return RedirectResponse(f"/device?user_code={quote(code)}", 303)

    async def overview(self, request: Request) -> Response:
        """Show what is stored to whoever came through the owner's link, and say how to get one to all others."""
        pages = self._services.pages
        key = request.query_params.get("key", "")
        if key:
            visit = pages.enter(key)
            if visit is not None:
                response = RedirectResponse("/", 303)
                response.set_cookie(self._visit, visit, max_age=int(VISIT), httponly=True, samesite="strict")
                return response
        if not pages.is_visitor(request.cookies.get(self._visit, "")):
            command = f"amika workspace serve --data {shlex.quote(self._services.data_dir)}"
            return page("locked.html", 403, title="Local workspace", used=bool(key), command=command)
        content: Overview = await self._run(overview, self._services)
        return page("overview.html", title="Local workspace", overview=content)

    async def no_icon(self, _request: Request) -> Response:
        """Tell browsers that there is no icon, without an error in anybody's log."""
        return Response(status_code=204)

    def _end(self, state: str, pending: Pending | None = None, *, status: int = 0) -> Response:
        return page("end.html", status or _STATUS.get(state, 200), title="Sign in", state=state, pending=pending)


def _clock_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M")
