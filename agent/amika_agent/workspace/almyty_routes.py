"""The almyty API: who a key belongs to, the keys themselves, and how a command line gets one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from amika_agent.workspace.almyty_error import AlmytyError
from amika_agent.workspace.api_error import ApiError
from amika_agent.workspace.api_keys import TooManyKeysError
from amika_agent.workspace.bodies import BadBodyError, json_object
from amika_agent.workspace.fields import name_field
from amika_agent.workspace.plain_text import shown
from amika_agent.workspace.services import Services
from amika_agent.workspace.sign_in import RefusedError
from amika_agent.workspace.storage import ApiKey

CLIENT = "almyty-cli"


class AlmytyRoutes:
    """The routes below /auth."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._run = services.thread.run
        self._keys = services.api_keys

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/auth/profile", self.profile, methods=["GET"]),
            Route("/auth/api-keys", self.list_keys, methods=["GET"]),
            Route("/auth/api-keys", self.create_key, methods=["POST"]),
            Route("/auth/api-keys/{key_id}", self.delete_key, methods=["DELETE"]),
            Route("/auth/cli/start", self.start, methods=["POST"]),
            Route("/auth/cli/exchange", self.exchange, methods=["POST"]),
        ]

    async def profile(self, request: Request) -> Response:
        """Say who the key belongs to."""
        key = await self._who(request)
        who = self._services.identity
        chosen = request.headers.get("x-organization-id", key.org_id)
        if chosen not in {organization.id for organization in who.organizations}:
            raise AlmytyError(403, "FORBIDDEN", "You do not belong to this organization.")
        named = [{"id": organization.id, "name": organization.name} for organization in who.organizations]
        data = {
            "id": who.user_id,
            "email": who.email,
            "organizations": [{**organization, "role": "owner"} for organization in named],
            "currentOrganizationId": chosen,
            "organizationMemberships": [{"organization": {**one, "slug": _slug(one["name"])}} for one in named],
        }
        return JSONResponse({"data": data})

    async def list_keys(self, request: Request) -> Response:
        """List the user's keys."""
        await self._who(request)
        return JSONResponse({"data": {"apiKeys": [_described(key) for key in await self._run(self._keys.all)]}})

    async def create_key(self, request: Request) -> Response:
        """Mint a key."""
        await self._who(request)
        body = await _body(request)
        try:
            name = name_field(body)
        except ApiError as error:
            raise AlmytyError(error.status, "VALIDATION_ERROR", error.message) from None
        try:
            plain, key = await self._run(self._keys.mint, name)
        except TooManyKeysError:
            raise _too_many() from None
        return JSONResponse({"data": {"apiKey": plain, "keyData": _described(key)}}, 201)

    async def delete_key(self, request: Request) -> Response:
        """Delete a key."""
        await self._who(request)
        if not await self._run(self._keys.delete, request.path_params["key_id"]):
            raise AlmytyError(400, "BAD_REQUEST", "There is no such API key.")
        return JSONResponse({"data": {"deleted": True}})

    async def start(self, request: Request) -> Response:
        """Begin a sign-in that any device can approve at /cli-auth; `deviceCode` is the asking program's secret."""
        body = await _body(request)
        program, machine = (_text(body, name) for name in ("program", "machine"))
        try:
            started = await self._run(self._services.sign_in.start, CLIENT, program=program, machine=machine)
        except RefusedError as error:
            raise _translated(error) from None
        data = {
            "code": started.user_code,
            "deviceCode": started.device_code,
            "expiresIn": started.expires_in,
            "interval": started.interval,
        }
        return JSONResponse({"data": data})

    async def exchange(self, request: Request) -> Response:
        """Exchange a code for an API key, once the person has approved."""
        body = await _body(request)
        code = body.get("code")
        if not isinstance(code, str) or not code:
            raise AlmytyError(400, "VALIDATION_ERROR", "The field `code` is missing.")
        try:
            token = await self._run(self._services.sign_in.collect_key, code, CLIENT, self._keys.redeem)
        except RefusedError as error:
            raise _translated(error) from None
        except TooManyKeysError:
            raise _too_many() from None
        return JSONResponse({"token": token})

    async def _who(self, request: Request) -> ApiKey:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        plain = token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")
        key = await self._run(self._keys.check, plain) if plain else None
        if key is None:
            raise AlmytyError(401, "UNAUTHORIZED", "The API key is missing or not valid here.")
        return key


def _described(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "keyPrefix": key.prefix,
        "createdAt": _time(key.created_at),
        "expiresAt": _time(key.expires_at),
        "lastUsedAt": _time(key.last_used_at),
        "organizationId": key.org_id,
    }


def _time(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _text(body: dict[str, object], name: str) -> str:
    value = body.get(name, "")
    return shown(value) if isinstance(value, str) else ""


def _translated(error: RefusedError) -> AlmytyError:
    return AlmytyError(error.status, error.error, error.description)


def _too_many() -> AlmytyError:
    return AlmytyError(409, "TOO_MANY_KEYS", "There are too many API keys; delete some.")


async def _body(request: Request) -> dict[str, object]:
    try:
        return json_object(await request.body())
    except BadBodyError as error:
        raise AlmytyError(400, "VALIDATION_ERROR", str(error)) from None
