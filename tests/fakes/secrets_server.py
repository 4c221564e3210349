"""A second, independent implementation of the secrets API, with faults to order.

    with FakeSecretsServer() as server:
        client(server.url, bearer=server.token)
        server.faults.add("drop", method="POST", path="/secrets/claude")      # the next such request
        server.records("claude")        -> [{"id", "name", "type", "scope", "org_id", "user_id"}], oldest first
        server.value_of(record_id)      -> str
        server.requests                 -> [Request(method, path, token, fault)], in order of arrival
        server.history("claude")        -> [[(id, name, scope), …], …]: the records after each change

Faults: `faults.add(kind, method="", path="", times=1, skip=0, status=500, seconds=30.0, retry_after=None)`.
`method` must be equal and `path` a part of the request's path ("" fits all); the fault strikes `times` times (-1: for
ever) after letting `skip` fitting requests pass. Of several fitting faults the one added first strikes.

    kind          executed?            what the client gets
    "refuse"      no                   the connection is closed
    "reset"       no                   the connection is reset
    "status"      no                   an error answer with `status` (default 500), `Retry-After` when given
    "portal"      no                   200 and an HTML page (a captive portal)
    "late"        on `run_late()`      the connection is closed; the request is executed when the test says so
    "delay"       then, after a wait   its answer after `seconds`, or as soon as `faults.release()` is called
    "slow"        at once              the same wait before the answer
    "drop"        yes                  the connection is closed without an answer
    "status_after" yes                 an error answer with `status` (default 500)
    "half"        yes                  half of the answer's body, then the connection is closed
    "garbage"     yes                  the right status and a body that is not JSON
    "html"        yes                  the right status and an HTML page
    "huge"        yes                  the right status and a body of 10 MB

Others at work: `server.put("claude", name=…, type=…, value=…, scope=…)` and `server.remove(record_id)` change the
records as another machine would; `server.add_account(token, user_id, org_id)`, `server.revoke(token)`.
"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from tests.fakes.secrets_book import Answer, Book, Record, error, json_object, routes
from tests.fakes.secrets_faults import Fault, Faults


@dataclass(frozen=True)
class Request:
    """What arrived; the body is left out because it carries values."""

    method: str
    path: str
    token: str
    fault: str = ""


class FakeSecretsServer:
    """The server; use it as a context manager. See the module's text for faults and hooks."""

    def __init__(self) -> None:
        self.token, self.user_id, self.org_id = "fake-token", "user_fake", "org_fake"
        self.faults = Faults()
        self.requests: list[Request] = []
        self._book = Book({self.token: (self.user_id, self.org_id)})
        self._late: list[Callable[[], Answer]] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        server = self

        class Handler(_Handler):
            fake = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = False
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="fake-secrets")
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.faults.release()
        self._http.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue
        self._http.server_close()

    def records(self, kind: str) -> list[Record]:
        """What is stored under "claude", "codex" or "generic", oldest first, without values."""
        with self._book.lock:
            return [
                {k: v for k, v in row.items() if k not in ("value", "kind")}
                for row in self._book.rows.values()
                if row["kind"] == kind
            ]

    def value_of(self, record_id: str) -> str:
        return str(self._book.rows[record_id]["value"])

    def history(self, kind: str) -> list[list[tuple[str, str, str]]]:
        """(id, name, scope) of every record of `kind` after each change, in order; to prove "never none"."""
        with self._book.lock:
            return [
                [(r["id"], r["name"], r["scope"]) for r in state.values() if r["kind"] == kind]
                for state in self._book.changes
            ]

    @property
    def sandboxes(self) -> list[Record]:
        return list(self._book.sandboxes)

    def put(self, kind: str, *, name: str, value: str, type: str = "", scope: str = "user") -> str:  # noqa: A002
        """Store a record as another machine of this account would; returns its id."""
        body = {"name": name, "value": value, "type": type, "scope": scope}
        status, answer = self._book.create(kind, self.user_id, self.org_id, body)
        assert status == 201, answer
        return str(answer["id"])

    def remove(self, record_id: str) -> None:
        """Delete a record as another machine would."""
        with self._book.lock:
            del self._book.rows[record_id]
            self._book.note()

    def add_account(self, token: str, user_id: str, org_id: str) -> None:
        self._book.accounts[token] = (user_id, org_id)

    def revoke(self, token: str) -> None:
        self._book.accounts.pop(token, None)

    def run_late(self) -> list[int]:
        """Execute what "late" faults held back, in order; returns the statuses nobody will see."""
        with self._lock:
            held, self._late = self._late, []
        return [execute()[0] for execute in held]

    # what the handler calls

    def arrived(self, method: str, path: str, token: str) -> Fault | None:
        fault = self.faults.take(method, path)
        with self._lock:
            self.requests.append(Request(method, path, token, fault.kind if fault else ""))
        return fault

    def hold(self, execute: Callable[[], Answer]) -> None:
        with self._lock:
            self._late.append(execute)

    def execute(self, method: str, path: str, token: str, raw: bytes) -> Answer:
        account = self._book.accounts.get(token)
        if account is None:
            return error(401, "unauthorized")
        for verb, pattern, needs_body, act in routes(self._book):
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                words = [unquote(word) for word in match.groups()]
                if not needs_body:
                    return act(*words, *account)
                body = json_object(raw)
                return error(400, "invalid_json") if body is None else act(*words, *account, body)
        known = any(re.fullmatch(pattern, path) for _, pattern, _, _ in routes(self._book))
        return error(405, "method_not_allowed") if known else error(404, "not_found")


class _Handler(BaseHTTPRequestHandler):
    """Reads one request, lets a fault strike, answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # header and body are two writes: the second would wait 40 ms
    fake: FakeSecretsServer

    def setup(self) -> None:
        super().setup()
        with self.fake._lock:
            self.fake._open.add(self.connection)

    def finish(self) -> None:
        with self.fake._lock:
            self.fake._open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing on stderr."""

    def answer(self) -> None:
        path = urlsplit(self.path).path
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.fake.arrived(self.command, path, token)

        def execute() -> Answer:
            return self.fake.execute(self.command, path, token, raw)

        try:
            _Strike(self, fault, execute).run()
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 -- http.server finds its verbs by these names

    def send(self, status: int, body: bytes, kind: str = "application/json", *, promised: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class _Strike:
    """How one fault changes one exchange."""

    def __init__(self, handler: _Handler, fault: Fault | None, execute: Callable[[], Answer]) -> None:
        self.handler = handler
        self.fault = fault or Fault("")
        self.execute = execute

    def run(self) -> None:
        name = self.fault.kind
        getattr(self, name or "normal")() if hasattr(self, name or "normal") else self.spoiled()

    def normal(self) -> None:
        self.respond(*self.execute())

    def respond(self, status: int, answer: Any) -> None:
        self.handler.send(status, b"" if answer is None else json.dumps(answer).encode())

    def hang_up(self) -> None:
        self.handler.close_connection = True
        self.handler.connection.shutdown(socket.SHUT_RDWR)

    def refuse(self) -> None:
        self.hang_up()

    def reset(self) -> None:
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.close_connection = True
        self.handler.rfile.close()
        self.handler.connection.close()

    def late(self) -> None:
        self.handler.fake.hold(self.execute)
        self.hang_up()

    def drop(self) -> None:
        self.execute()
        self.hang_up()

    def delay(self) -> None:
        self.handler.fake.faults.released.wait(self.fault.seconds)
        self.normal()

    def slow(self) -> None:
        answer = self.execute()
        self.handler.fake.faults.released.wait(self.fault.seconds)
        self.respond(*answer)

    def status(self) -> None:
        body = json.dumps(error(self.fault.status, "injected")[1]).encode()
        self.handler.send_response(self.fault.status)
        if self.fault.retry_after is not None:
            self.handler.send_header("Retry-After", str(self.fault.retry_after))
        self.handler.send_header("Content-Type", "application/json")
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def status_after(self) -> None:
        self.execute()
        self.status()

    def portal(self) -> None:
        self.handler.send(200, _PAGE, "text/html")

    def half(self) -> None:
        status, answer = self.execute()
        body = json.dumps(answer).encode() + b" " * 64
        self.handler.send(200 if status == 204 else status, body[: len(body) // 2], promised=len(body))
        self.hang_up()

    def spoiled(self) -> None:
        status, _ = self.execute()
        body, kind = {
            "garbage": (b"\xff\x00{not json", "application/json"),
            "html": (_PAGE, "text/html"),
            "huge": (b'"' + b"x" * 10_000_000 + b'"', "application/json"),
        }[self.fault.kind]
        self.handler.send(200 if status == 204 else status, body, kind)


_PAGE = b"<!doctype html><title>Sign in to the network</title><h1>Welcome</h1>"
