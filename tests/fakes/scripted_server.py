"""A server that says what a test wants it to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Said = tuple[int, object]


@dataclass
class ScriptedServer:
    """`say[path]` is (status, JSON, or bytes as they are) or a function of the form; `asked` is what came.

    otherwise  said at every other path
    headers    of each request, names in lower case
    adds       path -> headers that its answers have beside the usual ones
    """

    url: str = ""
    say: dict[str, Said | Callable[[dict[str, str]], Said]] = field(default_factory=dict)
    otherwise: Said = (404, {})
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    adds: dict[str, dict[str, str]] = field(default_factory=dict)

    def count(self, path: str) -> int:
        """Return how often a path was asked."""
        return sum(one == path for one, _ in self.asked)


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Run one."""
    told = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            told.headers.append({name.lower(): value for name, value in self.headers.items()})
            told.asked.append((self.path, form))
            said = told.say.get(self.path, told.otherwise)
            status, body = said(form) if callable(said) else said
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            with suppress(ConnectionError):  # of a client that did not want to hear it any more
                self.give(status, data)

        def give(self, status: int, data: bytes) -> None:
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            for name, value in told.adds.get(self.path, {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 -- the base class names them

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    told.url = f"http://127.0.0.1:{listening.server_address[1]}"
    try:
        yield told
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
