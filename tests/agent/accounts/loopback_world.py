"""A loopback sign-in that waits in a thread, and a client that says exactly what a test wants said."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from amika_agent.accounts.loopback import Loopback
from amika_agent.accounts.loopback_rules import Grant
from amika_agent.clock import SystemClock

STATE = "5" * 64
FRONTEND = "https://app.example.test"
TOKEN = "almyty_fake_token_of_the_tests"


@dataclass
class Answer:
    """What came back, whole."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Waiting:
    """One sign-in under way. `problem` is what its judge says about every grant."""

    def __init__(self, *, problem: str = "", limit: float = 60.0) -> None:
        self.grants: list[Grant] = []
        self.problem = problem
        self.error: BaseException | None = None
        self.cancel = threading.Event()
        self.judged = threading.Event()
        self._loopback = Loopback(STATE, FRONTEND, SystemClock())
        self.port = self._loopback.port
        self.origin = f"http://127.0.0.1:{self.port}"
        self._limit = limit
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            with self._loopback as waiting:
                waiting.run(self._judge, self.cancel, limit=self._limit)
                waiting.finish()
        except BaseException as error:  # noqa: BLE001 -- what the caller of a sign-in would get
            self.error = error

    def _judge(self, grant: Grant) -> str:
        self.grants.append(grant)
        self.judged.set()
        return self.problem

    def wait(self, seconds: float = 20.0) -> None:
        """Return when the sign-in is over."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the sign-in did not end"

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.grants:
            with contextlib.suppress(OSError):
                self.ask("GET", "/success")  # as every browser does; without it the server waits two seconds
        self.cancel.set()
        self.wait()

    def ask(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request; `host_=""` leaves a header out (its name with an underscore for each dash)."""
        given = {"Host": f"127.0.0.1:{self.port}", **({"Content-Length": str(len(body))} if method == "POST" else {})}
        given |= {name.strip("_").replace("_", "-").title(): value for name, value in headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
        return self.send(f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body)

    def complete(self, **fields: str) -> Answer:
        """Do what the page's script does."""
        body = json.dumps({"token": TOKEN, "state": STATE, **fields}).encode()
        return self.ask("POST", "/cb-complete", body, origin=self.origin, content_type="application/json")

    def post_form(self, origin: str, **fields: str) -> Answer:
        """Do what a form of the frontend does."""
        body = urlencode({"token": TOKEN, "state": STATE, **fields}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", "/cb", body, origin=origin, content_type=kind)

    def send(self, data: bytes) -> Answer:
        """Send bytes and read the answer to its end."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data)
            return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    data = b""
    while part := connection.recv(65536):
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert int(headers["content-length"]) == len(body)
    return Answer(int(first.split()[1]), headers, body.decode())
