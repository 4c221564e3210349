"""What only the owner's programs use: the proof that this server is the owner's, and sealed orders."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from amika_agent.workspace.api_error import ApiError
from amika_agent.workspace.bodies import BadBodyError, json_object
from amika_agent.workspace.owner_paths import DECIDE, LINK, PROOF, SEAL_HEADER, STOP
from amika_agent.workspace.record import CHALLENGE, order_seal, proof, same
from amika_agent.workspace.services import Services
from amika_agent.workspace.storage import APPROVED, DENIED, USED


class OwnerRoutes:
    """The routes below /.well-known/amika-workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(PROOF, self.prove, methods=["GET"]),
            Route(DECIDE, self.decide, methods=["POST"]),
            Route(LINK, self.link, methods=["POST"]),
            Route(STOP, self.stop, methods=["POST"]),
        ]

    async def prove(self, request: Request) -> Response:
        """Answer a challenge; the URL in the proof is the one we listen on, whatever name we were called by."""
        challenge = request.query_params.get("challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            raise ApiError(400, "invalid_challenge", "The challenge must be 32 to 128 hexadecimal digits.")
        services = self._services
        return JSONResponse({"workspace": services.id, "proof": proof(services.key, challenge, services.url)})

    async def decide(self, request: Request) -> Response:
        """Approve or deny a sign-in. 404: unknown code. 410: expired. 409: decided otherwise or used already."""
        order = await self._order(request)
        approve, code = order.get("approve"), order.get("user_code")
        if not isinstance(approve, bool) or not isinstance(code, str):
            raise ApiError(400, "invalid_request", "An order needs `user_code` and `approve`.")
        after = await self._services.thread.run(self._services.sign_in.decide, code, approve=approve)
        if after is None:
            raise ApiError(404, "unknown_code", "No sign-in shows this code.")
        if after.state == "expired":
            raise ApiError(410, "expired_code", "The code has expired.")
        if after.state != (APPROVED if approve else DENIED):
            done = {APPROVED: "approved", USED: "used", DENIED: "denied"}.get(after.state, after.state)
            raise ApiError(409, f"code_{done}", f"The sign-in was {done} already.")
        return JSONResponse({"user_code": after.user_code, "state": after.state})

    async def link(self, request: Request) -> Response:
        """Return a link that opens the overview once."""
        await self._order(request)
        return JSONResponse({"url": f"{self._services.url}/?key={self._services.pages.new_key()}"})

    async def stop(self, request: Request) -> Response:
        """End the server after this answer."""
        await self._order(request)
        asyncio.get_running_loop().call_later(0.05, self._services.stop)
        return JSONResponse({"stopping": True}, headers={"connection": "close"})

    async def _order(self, request: Request) -> dict[str, Any]:
        body = await request.body()
        expected = order_seal(self._services.key, self._services.url, request.url.path, body)
        if not same(request.headers.get(SEAL_HEADER, ""), expected):
            raise ApiError(403, "wrong_seal", "Only the owner of this workspace may order that.")
        try:
            return json_object(body)
        except BadBodyError as error:
            raise ApiError(400, "invalid_request", str(error)) from None
