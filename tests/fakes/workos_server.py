"""WorkOS (and the little of Amika's API that a session needs) on a loopback port, with faults on demand.

    with WorkosServer() as server:
        server.fail("refresh", "reset", executed=True)   # the token is rotated, its answer is lost

Steps: "device", "poll", "select", "refresh", "logout", "api". Kinds of fault: a status ("429", "500" …), "reset",
"silence", "half", "drip", "drip_headers", "html", "huge", "garbage", "redirect", "empty_object", "answer" (`body`).
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.workos_model import DEVICE_GRANT, SELECTION_GRANT, WorkosModel

GRANTS = {DEVICE_GRANT: "poll", SELECTION_GRANT: "select", "refresh_token": "refresh"}


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    step: str
    method: str
    path: str
    form: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Fault:
    kind: str
    times: int
    executed: bool
    status: int = 0
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class WorkosServer:
    """The fake; `model` is what it knows, `seen` what was asked."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.model = WorkosModel(now)
        self.seen: list[Seen] = []
        self.before: Callable[[str], None] | None = None  # called with the step before it is executed
        self.after: Callable[[str], None] | None = None  # called after it was executed, before the answer
        self._faults: dict[str, list[Fault]] = {}
        self._closing = threading.Event()
        self._port = 0  # any at the first start
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen; after a `stop` the same port again."""
        self._closing.clear()
        owner = self

        class Handler(_Handler):
            fake = owner

        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        self.model.verification_uri = f"{self.url}/device"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="workos-fake")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening: from now on connections are refused."""
        if self._server is None or self._thread is None:
            return
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def fail(
        self,
        step: str,
        kind: str,
        *,
        times: int = 1,
        executed: bool = False,
        status: int = 0,
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Let the next `times` requests of `step` fail; `executed`: the server does the work, only the answer fails."""
        self._faults.setdefault(step, []).append(Fault(kind, times, executed, status, body, headers))

    def heal(self) -> None:
        self._faults.clear()

    def count(self, step: str) -> int:
        return sum(1 for one in self.seen if one.step == step)

    def _fault(self, step: str) -> Fault | None:
        with self.model.lock:
            waiting = self._faults.get(step, [])
            if not waiting:
                return None
            waiting[0].times -= 1
            return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    fake: WorkosServer
    timeout = 15

    def log_message(self, *args: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/user_management/sessions/logout":
            self._run("logout", query, lambda: (self.fake.model.logout(query.get("session_id", "")), {}))
        elif parts.path.startswith("/api/v0beta1/"):
            self._run("api", query, self._secrets)
        elif parts.path.startswith("/sso/jwks/"):
            self._send(200, {"keys": []})
        else:
            self._send(404, {"message": "no such page"})

    def do_POST(self) -> None:
        form = self._form()
        if self.path == "/user_management/authorize/device":
            self._run("device", form, lambda: self.fake.model.device(form))
        elif self.path == "/user_management/authenticate":
            step = GRANTS.get(form.get("grant_type", ""), "unknown")
            self._run(step, form, lambda: self.fake.model.authenticate(form))
        else:
            self._send(404, {"message": "no such page"})

    def _form(self) -> dict[str, str]:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if "json" in self.headers.get("content-type", ""):
            return {str(key): str(value) for key, value in json.loads(body).items()}
        return {key: values[0] for key, values in parse_qs(body.decode()).items()}

    def _secrets(self) -> tuple[int, object]:
        access = self.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.fake.model.accepts(access):
            return 401, {"type": "error", "code": "unauthorized", "message": "who are you?"}
        return 200, []

    def _run(self, step: str, form: dict[str, str], work: Callable[[], tuple[int, object]]) -> None:
        fake = self.fake
        headers = {key.lower(): value for key, value in self.headers.items()}
        fake.seen.append(Seen(step, self.command, self.path, form, headers, fake.model.now()))
        fault = fake._fault(step)
        if fake.before is not None:
            fake.before(step)
        if fault is not None and not fault.executed:
            self._break(fault)
            return
        status, body = work()
        if fake.after is not None:
            fake.after(step)
        if fault is not None:
            self._break(fault)
            return
        self._send(status, body)

    def _send(self, status: int, body: object, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self._raw(status, json.dumps(body).encode(), "application/json", headers)

    def _raw(self, status: int, data: bytes, kind: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _break(self, fault: Fault) -> None:  # noqa: C901, PLR0912 -- one case a fault
        match fault.kind:
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
            case "silence":
                self.fake._closing.wait(60)
            case "half":
                self.wfile.write(
                    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"acce'
                )
            case "drip":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n")
                while not self.fake._closing.wait(0.05):
                    self.wfile.write(b" ")
            case "drip_headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not self.fake._closing.wait(0.05):
                    self.wfile.write(b"x")
            case "html":
                self._raw(200, b"<html><title>Please log in to the wifi</title></html>", "text/html")
            case "huge":
                self._raw(200, b'{"access_token": "' + b"x" * 10_000_000 + b'"}', "application/json")
            case "garbage":
                self._raw(200, b'{"access_token": nonsense, "leak": "BODY-MUST-NOT-BE-SHOWN"', "application/json")
            case "empty_object":
                self._send(200, {})
            case "redirect":
                self._send(307, {}, (("Location", f"{self.fake.url}/elsewhere"),))
            case "answer":
                self._raw(fault.status, fault.body, "application/json", fault.headers)
            case number:
                self._send(int(number), {"message": "BODY-MUST-NOT-BE-SHOWN"}, fault.headers)
