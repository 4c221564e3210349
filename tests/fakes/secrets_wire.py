"""The fake secrets server without sockets: its book, rules and faults behind the client's own `request`.

    wire = SecretsWire()
    SecretsApi(wire.url, bearer, wire.client)

The same faults as over HTTP, where the client sees no difference between them: "reset" is as "refuse", "half" as
"drop". One more, "away": the network is away, nothing was sent. `wire.crossing` is called before a request arrives and
after it was executed, and may raise: that is where a process can be killed.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.http.client import Answer, Http, NoAnswer
from amika_local.secret import Secret

_EXECUTED = ("drop", "half", "html", "status_after")
_NO_ANSWER = ("refuse", "reset", "late", "drop", "half")
_NO_JSON = ("html", "portal")


class Client(Http):
    """The client of one such server; what is no request of the secrets API it cannot send."""

    def __init__(self, arrives: Callable[[str, str, Any, Secret], Answer]) -> None:
        super().__init__()
        self._arrives = arrives

    def request(self, method: str, url: str, *, json: Any = None, bearer: Secret | None = None, **_: Any) -> Answer:
        assert bearer is not None
        return self._arrives(method, urlsplit(url).path, json, bearer)


class SecretsWire(FakeSecretsServer):
    """`client` is what `SecretsApi` is given."""

    def __init__(self) -> None:
        super().__init__()
        self._http.server_close()  # nobody connects
        self.away = False
        self.crossing: Callable[[], None] = lambda: None
        self.client = Client(self._arrives)

    def _arrives(self, method: str, path: str, json: Any, bearer: Secret) -> Answer:
        self.crossing()
        if self.away:
            raise NoAnswer("the network is away", sent=False, reason="connect")
        fault = self.arrived(method, path, bearer.reveal())
        kind = fault.kind if fault else ""

        def execute() -> tuple[int, Any]:
            raw = b"" if json is None else jsonlib.dumps(json).encode()
            return self.execute(method, path, bearer.reveal(), raw)

        status, body = (0, None) if kind and kind not in _EXECUTED else execute()
        self.crossing()
        if kind == "late":
            self.hold(execute)
        if kind in _NO_ANSWER:
            raise NoAnswer("no answer", sent=True, reason="reset")
        if kind in _NO_JSON:
            return Answer(200, {}, None)
        if fault is not None:
            return Answer(fault.status, {}, {"code": "injected"})
        return Answer(status, {} if body is not None else {"content-length": "0"}, body)
