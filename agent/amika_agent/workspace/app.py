"""The ASGI application: all routes behind the guard, every failure an answer that says nothing it should not."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from amika_agent.workspace.almyty_error import AlmytyError
from amika_agent.workspace.almyty_pages import AlmytyPages
from amika_agent.workspace.almyty_routes import AlmytyRoutes
from amika_agent.workspace.api_error import ApiError
from amika_agent.workspace.api_routes import ApiRoutes
from amika_agent.workspace.auth_routes import AuthRoutes
from amika_agent.workspace.guard import Guard
from amika_agent.workspace.oauth_routes import OauthRoutes
from amika_agent.workspace.owner_routes import OwnerRoutes
from amika_agent.workspace.page_routes import PageRoutes
from amika_agent.workspace.services import Services
from amika_agent.workspace.sign_in import RefusedError
from amika_agent.workspace.storage import StorageError

_AUTH = ("/user_management/", "/sso/", "/oauth/", "/akos/")
_ALMYTY = "/auth/"
_MESSAGES = {404: ("not_found", "There is nothing at this address."), 405: ("method_not_allowed", "Not this method.")}

log = logging.getLogger(__name__)


def build_app(services: Services) -> Guard:
    """Return the application of one workspace."""
    app = Starlette(
        routes=[
            *AuthRoutes(services).routes(),
            *OauthRoutes(services).routes(),
            *AlmytyRoutes(services).routes(),
            *AlmytyPages(services).routes(),
            ApiRoutes(services).mount(),
            *OwnerRoutes(services).routes(),
            *PageRoutes(services).routes(),
        ],
        exception_handlers={
            ApiError: _api_error,
            AlmytyError: _almyty_error,
            RefusedError: _refused,
            StorageError: _storage_failed,
            HTTPException: _no_route,
        },
    )
    return Guard(app, int(services.url.rpartition(":")[2]))


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
    return JSONResponse(error.body, error.status, headers)


async def _almyty_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, AlmytyError):
        raise error
    headers = {401: {"www-authenticate": "Bearer"}, 429: {"retry-after": "5"}}.get(error.status)
    return JSONResponse(error.body, error.status, headers)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    headers = {"retry-after": "5"} if error.status in (429, 503) else None
    if error.status == 401:
        headers = {"www-authenticate": "Bearer"}
    return JSONResponse({"error": error.error, "error_description": error.description}, error.status, headers)


async def _storage_failed(request: Request, error: Exception) -> Response:
    log.error("storage failed: %s", error)
    message = "The local workspace could not store this; see its log. Nothing was changed."
    if request.url.path.startswith(_AUTH):
        return await _refused(request, RefusedError("temporarily_unavailable", message, status=503))
    if request.url.path.startswith(_ALMYTY):
        return await _almyty_error(request, AlmytyError(503, "STORAGE_FAILED", message))
    return await _api_error(request, ApiError(503, "storage_failed", message))


async def _no_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, message = _MESSAGES.get(status, ("refused", "The request was refused."))
    if request.url.path.startswith(_AUTH):
        return await _refused(request, RefusedError(code, message, status=status))
    if request.url.path.startswith(_ALMYTY):
        return await _almyty_error(request, AlmytyError(status, code.upper(), message))
    return await _api_error(request, ApiError(status, code, message))
