"""The sign-in service: device authorization, tokens, logout, public keys — in WorkOS's shapes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from amika_agent.workspace.bodies import BadBodyError, text_fields
from amika_agent.workspace.plain_text import has_controls
from amika_agent.workspace.services import Services
from amika_agent.workspace.sessions import EndedError, NoSuchOrganizationError, NotNowError, Pair, WrongClientError
from amika_agent.workspace.sign_in import RefusedError

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SELECTION_GRANT = "urn:workos:oauth:grant-type:organization-selection"


class AuthRoutes:
    """The routes below /user_management and /sso."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._run = services.thread.run

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/user_management/authorize/device", self.authorize, methods=["POST"]),
            Route("/user_management/authenticate", self.authenticate, methods=["POST"]),
            Route("/user_management/sessions/logout", self.logout, methods=["GET"]),
            Route("/sso/jwks/{client_id}", self.keys, methods=["GET"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """Begin a sign-in; the program may say what it is in `requesting_program` and `requesting_machine`."""
        return await device_answer(self._services, await fields_of(request))

    async def authenticate(self, request: Request) -> Response:
        """Exchange an approved device code, or a refresh token, for a pair of tokens."""
        fields = await fields_of(request)
        grant, client_id = fields.get("grant_type", ""), client_id_of(fields)
        if grant == DEVICE_GRANT:
            device_code = needed(fields, "device_code")
            if len(self._services.identity.organizations) > 1:
                await self._run(self._services.sign_in.check_approved, device_code, client_id)
                return self._which_organization(device_code)
            pair = await self._run(self._services.sign_in.collect, device_code, client_id)
        elif grant == SELECTION_GRANT:
            pair = await self._selected(fields, client_id)
        elif grant == "refresh_token":
            token, organization = needed(fields, "refresh_token"), fields.get("organization_id")
            pair = await refreshed(self._services, token, client_id, organization)
        elif not grant:
            raise RefusedError("invalid_request", "The field `grant_type` is missing.")
        else:
            raise RefusedError("unsupported_grant_type", "Known are the device code and the refresh token grant.")
        return JSONResponse(self._signed_in(pair))

    async def logout(self, request: Request) -> Response:
        """End a session; ending one that is over, or never was, changes nothing."""
        session_id = request.query_params.get("session_id", "")
        if not session_id:
            raise RefusedError("invalid_request", "The parameter `session_id` is missing.")
        await self._run(self._services.sessions.end, session_id)
        return JSONResponse({})

    async def keys(self, _request: Request) -> Response:
        """Return the public keys of the access tokens."""
        return JSONResponse(self._services.signer.key_set())

    async def _selected(self, fields: dict[str, str], client_id: str) -> Pair:
        token, chosen = needed(fields, "pending_authentication_token"), needed(fields, "organization_id")
        try:
            return await self._run(self._services.sign_in.collect, token, client_id, chosen)
        except NoSuchOrganizationError:
            raise RefusedError("organization_not_authorized", "The user is not in this organization.") from None

    def _which_organization(self, device_code: str) -> Response:
        """Ask which organization; the device code, still good, is what the answer is given with."""
        who = self._services.identity
        answer = {
            "code": "organization_selection_required",
            "message": "The user must choose an organization to finish the sign-in.",
            "pending_authentication_token": device_code,
            "organizations": [{"id": one.id, "name": one.name} for one in who.organizations],
            "user": self._user(),
        }
        return JSONResponse(answer, status_code=403)

    def _user(self) -> dict[str, Any]:
        who = self._services.identity
        return {
            "object": "user",
            "id": who.user_id,
            "email": who.email,
            "email_verified": True,
            "first_name": who.first_name,
            "last_name": "",
        }

    def _signed_in(self, pair: Pair) -> dict[str, Any]:
        who = self._services.identity
        return {
            "user": self._user(),
            "organization_id": pair.org_id,
            "organization_name": next((one.name for one in who.organizations if one.id == pair.org_id), ""),
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "authentication_method": "DeviceCode",
        }


async def device_answer(services: Services, fields: dict[str, str]) -> Response:
    """Begin a sign-in and return RFC 8628's answer. Raises RefusedError."""
    started = await services.thread.run(
        services.sign_in.start,
        client_id_of(fields),
        program=fields.get("requesting_program", ""),
        machine=fields.get("requesting_machine", ""),
    )
    page = f"{services.url}/device"
    return JSONResponse(
        {
            "device_code": started.device_code,
            "user_code": started.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={quote(started.user_code)}",
            "expires_in": started.expires_in,
            "interval": started.interval,
        }
    )


async def refreshed(services: Services, token: str, client_id: str, organization_id: str | None) -> Pair:
    """Exchange a refresh token. Raises RefusedError."""
    try:
        return await services.thread.run(services.sessions.refresh, token, client_id, organization_id)
    except EndedError as error:
        why = "The refresh token was used before; the session is ended." if error.reused else "The session is over."
        raise RefusedError("invalid_grant", why) from None
    except WrongClientError:
        raise RefusedError("invalid_client", "The refresh token belongs to another client.") from None
    except NoSuchOrganizationError:
        raise RefusedError("organization_not_authorized", "The user is not in this organization.") from None
    except NotNowError:
        raise RefusedError("temporarily_unavailable", "Try again.", status=503) from None


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form or JSON body. Raises RefusedError."""
    try:
        return text_fields(await request.body(), request.headers.get("content-type", ""))
    except BadBodyError as error:
        raise RefusedError("invalid_request", str(error)) from None


def client_id_of(fields: dict[str, str]) -> str:
    """Return the asking client. Raises RefusedError."""
    client_id = fields.get("client_id", "")
    if not client_id.strip() or len(client_id) > 200 or has_controls(client_id):
        raise RefusedError("invalid_client", "The field `client_id` is missing or not usable.")
    return client_id


def needed(fields: dict[str, str], name: str) -> str:
    """Return a field that must be there. Raises RefusedError."""
    if not fields.get(name):
        raise RefusedError("invalid_request", f"The field `{name}` is missing.")
    return fields[name]
