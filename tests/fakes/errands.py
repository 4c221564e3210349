"""An agent of which only the errands are real: what goes over its socket is turned into JSON and back."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.accounts.authority import AccountKey, Authority
from amika_agent.endpoints import Endpoints
from amika_agent.engine.account import AccountPart, Services
from amika_agent.engine.errands import Errands
from amika_agent.http.client import Http
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.rules import Rule
from amika_local.errors import AmikaError
from amika_local.secret import Secret
from amika_shared.client import BEAT_TIMEOUT, AgentClient, AgentError


class SignedIn(Authority):
    """The right of the fake server's user, without a session file; all else is the real one's.

    way           how the agent is signed in
    organization  in which it is signed in
    """

    def __init__(self, server: FakeSecretsServer) -> None:
        self.way = "session"
        self.organization = server.org_id
        self._server = server

    @property
    def method(self) -> str:
        return self.way

    def account(self) -> AccountKey:
        return AccountKey(self._server.url, self._server.user_id, self.organization)

    def bearer(self, *, force: bool = False, of: AccountKey | None = None) -> Secret:
        assert of == self.account()
        return Secret(self._server.token)


class KnownAccount(AccountPart):
    """The account part of the engine, of which the errands use these two questions."""

    def __init__(self, services: Services) -> None:
        self._known = services

    def services(self) -> Services:
        return self._known


class OneRule(SyncDb):
    """A sync.db without a file that has one rule, for any account."""

    def __init__(self) -> None:
        pass

    def rules(self, account: str) -> list[Rule]:
        return [Rule("r1", "claude", "oauth", "user", "A", "claude-oauth", "/x", "anthropic")]


class ErrandAgent(AgentClient):
    """The connection that `ThroughAgent` asks, with no socket in between.

    asked         names of the calls, in order
    signed_in     how, and in which organization
    gone          True: it ends after it has done what it was asked, before it can say so
    """

    def __init__(self, server: FakeSecretsServer, http: Http) -> None:
        self.asked: list[str] = []
        self.values: list[str | None] = []
        self.gone = False
        self.signed_in = SignedIn(server)
        services = Services(Endpoints(server.url, server.url, "client_fake"), http, self.signed_in)
        self.errands = Errands(KnownAccount(services), OneRule)

    def call(self, op: str, args: dict[str, Any] | None = None, *, timeout: float = BEAT_TIMEOUT) -> dict[str, Any]:
        assert op == "remote"
        assert timeout > 0
        request = json.loads(json.dumps(args))
        plain = request.pop("value", None)
        self.asked.append(request["what"])
        self.values.append(plain)
        try:
            end = self.errands.run(
                request["what"],
                request["args"],
                None if plain is None else Secret(plain),
                request["api_url"],
                request["account"],
            )
        except AmikaError as error:
            raise AgentError(error.code, error.message, error.remedy) from None
        if self.gone:
            raise AgentError("gone", "the connection ended")
        answer: dict[str, Any] = json.loads(json.dumps(end))
        assert plain is None or plain not in json.dumps(answer)
        return answer
