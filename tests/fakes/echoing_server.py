"""A server that stores secrets, and once it is told to refuse says back all that it was sent, wherever it can."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

PROVIDERS = ("claude", "codex")


class EchoingServer:
    """Every service at one address, on loopback; use it as a context manager.

    refuses  status of every answer but those of a list and of the begin of a sign-in; 0: it does what it is asked
    told     (method, path) of each request
    heard    all that came in headers and bodies
    """

    def __init__(self) -> None:
        self.refuses = 0
        self.told: list[tuple[str, str]] = []
        self.heard = ""
        self._stored: list[dict[str, Any]] = []
        server = self

        class Handler(_Handler):
            echoing = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="echoing-server")
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        """Return status and JSON."""
        kind = path.rpartition("/secrets")[2].strip("/").partition("/")[0]
        if path.endswith("/authorize/device"):
            page = {"verification_uri": self.url, "verification_uri_complete": f"{self.url}/page"}
            return 200, {"device_code": "d", "user_code": "U", **page, "expires_in": 1, "interval": 1}
        if "/secrets" not in path:
            return 404, {}
        if method == "GET":
            return 200, [one for one in self._stored if (one["kind"] if one["kind"] in PROVIDERS else "") == kind]
        if method == "POST":
            given = json.loads(body)
            one = {"id": f"id_{len(self.told)}", "name": given["name"], "type": given.get("type", "")}
            self._stored.append({**one, "kind": kind, "scope": "user", "created_at": "", "updated_at": ""})
            return 201, self._stored[-1]
        return 202, {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    echoing: EchoingServer

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent = f"{self.headers.get('Authorization', '')} {self.headers.get('X-Api-Key', '')} {body.decode()}".strip()
        server = self.echoing
        server.told.append((self.command, self.path))
        server.heard += sent
        status, said = server.answer(self.command, self.path, body)
        if server.refuses and status != 200:
            status, said = server.refuses, _all_of(sent)
        data = json.dumps(said).encode()
        self.send_response(status, None if status < 400 else " ".join(sent.split())[:400])
        if status >= 400:
            self.send_header("WWW-Authenticate", f'Bearer error="{sent!r}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 -- the base class names them

    def log_message(self, *_: Any) -> None:
        pass


def _all_of(sent: str) -> dict[str, Any]:
    token = sent.removeprefix("Bearer ").partition(" ")[0]
    named = {"id": token, "name": token, "email": token}
    words = dict.fromkeys(("message", "error_description", "detail", "title"), f"you sent {sent}")
    codes = dict.fromkeys(("error", "code", "error_code", "type"), token)
    return {**words, **codes, **named, "errors": [words], "user": named, "data": {**named, "organizations": [named]}}
