"""The sign-in service as OAuth knows it (RFC 8414, 8628, 6749, 7009), and AKOS's session and tenants beside it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from amika_agent.workspace.auth_routes import DEVICE_GRANT, client_id_of, device_answer, fields_of, needed, refreshed
from amika_agent.workspace.services import Services
from amika_agent.workspace.sessions import Bearer, Pair
from amika_agent.workspace.sign_in import RefusedError

METADATA = "/.well-known/oauth-authorization-server"


class OauthRoutes:
    """The routes below /oauth and /akos; an AKOS tenant is an organization of the workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._run = services.thread.run

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(METADATA, self.metadata, methods=["GET"]),
            Route("/oauth/device_authorization", self.authorize, methods=["POST"]),
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/oauth/revoke", self.revoke, methods=["POST"]),
            Route("/akos/session", self.session, methods=["GET"]),
            Route("/akos/tenants", self.tenants, methods=["GET"]),
        ]

    async def metadata(self, _request: Request) -> Response:
        """Say where everything is (RFC 8414)."""
        url = self._services.url
        return JSONResponse(
            {
                "issuer": url,
                "device_authorization_endpoint": f"{url}/oauth/device_authorization",
                "token_endpoint": f"{url}/oauth/token",
                "revocation_endpoint": f"{url}/oauth/revoke",
                "userinfo_endpoint": f"{url}/akos/session",
                "tenants_endpoint": f"{url}/akos/tenants",
                "jwks_uri": f"{url}/sso/jwks/akos",
                "scopes_supported": ["cli"],
                "response_types_supported": ["none"],
                "grant_types_supported": [DEVICE_GRANT, "refresh_token"],
                "token_endpoint_auth_methods_supported": ["none"],
            }
        )

    async def authorize(self, request: Request) -> Response:
        """Begin a sign-in (RFC 8628 3.1)."""
        return await device_answer(self._services, await fields_of(request))

    async def token(self, request: Request) -> Response:
        """Exchange an approved device code, or a refresh token; `tenant_id` moves the session to another tenant."""
        fields = await fields_of(request)
        grant, client_id = fields.get("grant_type", ""), client_id_of(fields)
        if grant == DEVICE_GRANT:
            pair = await self._run(self._services.sign_in.collect, needed(fields, "device_code"), client_id)
        elif grant == "refresh_token":
            token, tenant = needed(fields, "refresh_token"), fields.get("tenant_id")
            pair = await refreshed(self._services, token, client_id, tenant)
        elif not grant:
            raise RefusedError("invalid_request", "The field `grant_type` is missing.")
        else:
            raise RefusedError("unsupported_grant_type", "Known are the device code and the refresh token grant.")
        return JSONResponse(self._answer(pair))

    async def revoke(self, request: Request) -> Response:
        """End the session of a refresh token; an unknown token is no error (RFC 7009 2.2)."""
        fields = await fields_of(request)
        client_id_of(fields)
        await self._run(self._services.sessions.end_by_token, needed(fields, "token"))
        return JSONResponse({})

    async def session(self, request: Request) -> Response:
        """Say whose session it is, on which tenant."""
        who = await self._who(request)
        tenant = self._tenant_names().get(who.org_id, "")
        email = self._services.identity.email
        return JSONResponse({"userId": who.user_id, "tenantId": who.org_id, "tenantName": tenant, "email": email})

    async def tenants(self, request: Request) -> Response:
        """List the tenants of the user."""
        who = await self._who(request)
        listed = [{"id": key, "name": name} for key, name in self._tenant_names().items()]
        return JSONResponse({"tenants": listed, "current": who.org_id})

    def _tenant_names(self) -> dict[str, str]:
        return {organization.id: organization.name for organization in self._services.identity.organizations}

    def _answer(self, pair: Pair) -> dict[str, Any]:
        return {
            "access_token": pair.access_token,
            "token_type": "Bearer",
            "expires_in": self._services.sessions.token_lifetime,
            "refresh_token": pair.refresh_token,
            "userId": self._services.identity.user_id,
            "tenantId": pair.org_id,
        }

    async def _who(self, request: Request) -> Bearer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        who = await self._run(self._services.sessions.bearer, token.strip()) if scheme.lower() == "bearer" else None
        if who is None:
            raise RefusedError("invalid_token", "The access token is missing or no longer valid.", status=401)
        return who
