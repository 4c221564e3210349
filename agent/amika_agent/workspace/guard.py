"""The gate in front of every route: who may ask, from where, how much; and the headers on every answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from amika_agent.logs import trace
from amika_agent.workspace import peer
from amika_agent.workspace.api_error import ApiError

LARGEST_BODY = 1 << 20

_DRAINED = 16 << 20
_PATIENCE = 30.0
_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware. Refuses foreign hosts, origins and users and bodies over 1 MiB; hides what goes wrong inside."""

    def __init__(self, app: Application, port: int) -> None:
        self._app = app
        self._port = port
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        if port == 80:
            self._hosts |= {"127.0.0.1", "localhost"}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; other kinds of connection do not exist here."""
        if scope["type"] != "http":
            return
        answered = False

        async def guarded_send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                own = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *((n, v) for n, v in _HEADERS.items() if n not in own)]
            await send(message)

        try:
            self._check(scope)
            body = await asyncio.wait_for(_whole_body(scope, receive), _PATIENCE)
            await self._app(scope, _Replay(body, receive), guarded_send)
        except ApiError as error:
            await _refuse(guarded_send, error)
        except TimeoutError:
            await _refuse(guarded_send, ApiError(408, "too_slow", "The request took too long to arrive."))
        except ConnectionError:
            return
        except Exception as error:  # noqa: BLE001 -- nothing of an exception's text may reach a log: it may hold a value
            log.error("request failed: %s", trace(error))  # noqa: TRY400 -- a traceback shows source lines and texts
            if not answered:
                await _refuse(guarded_send, ApiError(500, "internal", "The local workspace failed; see its log."))

    def _check(self, scope: Scope) -> None:
        headers = _headers(scope)
        if headers.get("host", "").lower() not in self._hosts:
            raise ApiError(421, "wrong_host", f"Open the local workspace as http://127.0.0.1:{self._port}/.")
        if not self._same_origin(scope["method"], headers):
            raise ApiError(403, "wrong_origin", "Another website must not use the local workspace.")
        client = scope.get("client")
        # API calls carry a token, which says more than the user they come from
        if client and not scope["path"].startswith("/api/") and peer.is_foreign((client[0], client[1]), self._port):
            raise ApiError(403, "wrong_user", "This local workspace belongs to another user of this machine.")

    def _same_origin(self, method: str, headers: dict[str, str]) -> bool:
        if method in ("GET", "HEAD"):
            return True
        origin = headers.get("origin")
        if origin == "null":
            # our pages send no referrer, and then browsers blank the origin of a form too; they still vouch for it here
            return headers.get("sec-fetch-site") == "same-origin"
        return origin is None or origin in self._origins


class _Replay:
    """Gives the application the body that was read already, then what follows on the connection."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _whole_body(scope: Scope, receive: Receive) -> bytes:
    announced = _headers(scope).get("content-length", "0")
    if announced.isdigit() and int(announced) > _DRAINED:
        raise _too_large()
    body = bytearray()
    arrived = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionAbortedError
        part = message.get("body", b"")
        arrived += len(part)
        if arrived > _DRAINED:
            raise _too_large()
        if arrived <= LARGEST_BODY:
            body += part
        if not message.get("more_body", False):
            break
    # read to its end even when it is too large: a client that is still writing would never see the answer
    if arrived > LARGEST_BODY:
        raise _too_large()
    return bytes(body)


def _too_large() -> ApiError:
    return ApiError(413, "too_large", "The request is larger than 1 MiB.")


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def _refuse(send: Send, error: ApiError) -> None:
    from starlette.responses import JSONResponse

    response = JSONResponse(error.body, error.status)
    if error.status in (408, 413):
        response.headers["connection"] = "close"
    await send({"type": "http.response.start", "status": error.status, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})
