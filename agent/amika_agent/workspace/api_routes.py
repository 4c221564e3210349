"""The secrets and sandboxes API below /api/v0beta1."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from amika_agent.workspace.api_error import ApiError, unauthorized
from amika_agent.workspace.bodies import BadBodyError, json_object
from amika_agent.workspace.services import Services
from amika_agent.workspace.sessions import Bearer

BASE = "/api/v0beta1"


class ApiRoutes:
    """One method per call; each checks the access token first."""

    def __init__(self, services: Services) -> None:
        self._run = services.thread.run
        self._sessions = services.sessions
        self._secrets = services.secrets
        self._sandboxes = services.sandboxes

    def mount(self) -> Mount:
        """Return the routes; the providers' come before those of generic secrets, whose ids could look like them."""
        return Mount(
            BASE,
            routes=[
                Route("/secrets", self.list_generic, methods=["GET"]),
                Route("/secrets", self.create_generic, methods=["POST"]),
                Route("/secrets/{provider}", self.list_provider, methods=["GET"]),
                Route("/secrets/{provider}", self.create_provider, methods=["POST"]),
                Route("/secrets/{secret_id}", self.update_generic, methods=["PUT"]),
                Route("/secrets/{provider}/{secret_id}", self.delete_provider, methods=["DELETE"]),
                Route("/sandboxes", self.list_sandboxes, methods=["GET"]),
                Route("/sandboxes", self.create_sandbox, methods=["POST"]),
                Route("/sandboxes/{name}", self.read_sandbox, methods=["GET"]),
                Route("/sandboxes/{name}", self.delete_sandbox, methods=["DELETE"]),
            ],
        )

    async def list_generic(self, request: Request) -> Response:
        """List generic secrets."""
        return JSONResponse(await self._run(self._secrets.list_generic, await self._who(request)))

    async def create_generic(self, request: Request) -> Response:
        """Create a generic secret."""
        who, body = await self._who(request), await _body(request)
        return JSONResponse(await self._run(self._secrets.create_generic, who, body), 201)

    async def update_generic(self, request: Request) -> Response:
        """Replace a generic secret's value."""
        who, body = await self._who(request), await _body(request)
        return JSONResponse(await self._run(self._secrets.update_generic, who, request.path_params["secret_id"], body))

    async def list_provider(self, request: Request) -> Response:
        """List a provider's credentials."""
        who = await self._who(request)
        return JSONResponse(await self._run(self._secrets.list_provider, who, request.path_params["provider"]))

    async def create_provider(self, request: Request) -> Response:
        """Create a provider's credential."""
        who, body = await self._who(request), await _body(request)
        provider = request.path_params["provider"]
        return JSONResponse(await self._run(self._secrets.create_provider, who, provider, body), 201)

    async def delete_provider(self, request: Request) -> Response:
        """Delete a provider's credential."""
        who, path = await self._who(request), request.path_params
        await self._run(self._secrets.delete_provider, who, path["provider"], path["secret_id"])
        return Response(status_code=204)

    async def list_sandboxes(self, request: Request) -> Response:
        """List recorded sandboxes."""
        return JSONResponse(await self._run(self._sandboxes.list, await self._who(request)))

    async def create_sandbox(self, request: Request) -> Response:
        """Record a sandbox; as with the hosted service it is accepted, not done."""
        who, body = await self._who(request), await _body(request)
        return JSONResponse(await self._run(self._sandboxes.create, who, body), 202)

    async def read_sandbox(self, request: Request) -> Response:
        """Show one recorded sandbox."""
        who = await self._who(request)
        return JSONResponse(await self._run(self._sandboxes.read, who, request.path_params["name"]))

    async def delete_sandbox(self, request: Request) -> Response:
        """Delete a recorded sandbox."""
        who = await self._who(request)
        return JSONResponse(await self._run(self._sandboxes.delete, who, request.path_params["name"]))

    async def _who(self, request: Request) -> Bearer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized()
        who = await self._run(self._sessions.bearer, token.strip())
        if who is None:
            raise unauthorized()
        return who


async def _body(request: Request) -> dict[str, object]:
    try:
        return json_object(await request.body())
    except BadBodyError as error:
        raise ApiError(400, "invalid_json", str(error)) from None
