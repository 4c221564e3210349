"""When the agent is asked for a call, when not, and what is believed when it ends in the middle of one.

That the calls themselves do the same either way is in tests/agent/sync/test_api.py, which runs on both.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.fakes.errands import ErrandAgent
from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.http.client import Http, NoAnswer
from amika_agent.stores.amika_api import NoSuchSecret, SecretsApi
from amika_cli.through_agent import ThroughAgent
from amika_local.errors import UsageError
from amika_local.secret import Secret
from amika_shared.protocol import MAX_FRAME

VALUE = Secret("sk-ant-api-fake-value")


@pytest.fixture
def http() -> Iterator[Http]:
    client = Http()
    yield client
    client.close()


@pytest.fixture
def remote() -> Iterator[FakeSecretsServer]:
    with FakeSecretsServer() as fake:
        yield fake


@pytest.fixture
def agent(remote: FakeSecretsServer, http: Http) -> ErrandAgent:
    return ErrandAgent(remote, http)


class Direct:
    """Makes the direct API and counts how often it was wanted."""

    def __init__(self, server: FakeSecretsServer, http: Http) -> None:
        self.wanted = 0
        self._server = server
        self._http = http

    def __call__(self) -> SecretsApi:
        self.wanted += 1
        return SecretsApi(self._server.url, lambda _force: Secret(self._server.token), self._http)


@pytest.fixture
def direct(remote: FakeSecretsServer, http: Http) -> Direct:
    return Direct(remote, http)


@pytest.fixture
def api(agent: ErrandAgent, direct: Direct, remote: FakeSecretsServer) -> ThroughAgent:
    return ThroughAgent(agent, direct, remote.url)


def test_what_is_this_users_goes_through_the_agent(api: ThroughAgent, agent: ErrandAgent, direct: Direct) -> None:
    made = api.create_generic("K", VALUE, "user")
    api.update_generic(made.id, VALUE)
    record = api.create_provider("claude", "A", VALUE, "api_key", "user")
    assert api.list_kept("claude") == [{**vars(record), "rule": "r1"}]
    api.delete_provider("claude", record.id)
    assert direct.wanted == 0
    assert agent.asked == ["create_generic", "update_generic", "create_provider", "list_kept", "delete_provider"]


def test_what_is_for_the_organization_and_what_fits_no_frame_does_not(
    api: ThroughAgent, agent: ErrandAgent, direct: Direct
) -> None:
    api.create_generic("K", VALUE, "org")
    api.create_provider("claude", "A", VALUE, "api_key", "org")
    api.create_generic("BIG", Secret("x" * (MAX_FRAME // 8 + 1)), "user")
    assert (direct.wanted, agent.asked) == (3, [])


def test_the_agent_itself_refuses_what_is_for_the_organization(agent: ErrandAgent) -> None:
    with pytest.raises(UsageError):
        agent.errands.run("create_generic", {"name": "K", "scope": "org"}, VALUE, "")


@pytest.mark.parametrize(
    ("what", "args"),
    [
        ("no_such", {}), ("_call", {}), ("create_generic", {"name": 1, "scope": "user"}), ("list_provider", {}),
        ("list_provider", {"provider": "../x"}), ("update_generic", {"id": "a"}), ("delete_provider", {"id": "a"}),
        ("delete_sandbox", {"name": "x" * 2000}),
    ],
)  # fmt: skip
def test_what_is_no_call_is_refused(agent: ErrandAgent, remote: FakeSecretsServer, what: str, args: dict) -> None:
    with pytest.raises(UsageError):
        agent.errands.run(what, args, None, "")
    assert remote.requests == []


@pytest.mark.parametrize("why", ["method", "server", "organization"])
def test_an_agent_that_would_speak_for_another_account_is_not_asked_twice(
    agent: ErrandAgent, direct: Direct, remote: FakeSecretsServer, why: str
) -> None:
    if why == "method":
        agent.signed_in.way = "env_api_key"
    if why == "organization":
        agent.signed_in.organization = "org_other"
    url = "https://other.example" if why == "server" else remote.url
    api = ThroughAgent(agent, direct, url, account="user_fake org_fake")
    assert api.list_generic() == []
    api.create_generic("K", VALUE, "user")
    assert (len(agent.asked), direct.wanted) == (1, 2)


def test_a_refusal_is_the_servers_and_the_agent_is_asked_again(api: ThroughAgent, direct: Direct) -> None:
    with pytest.raises(NoSuchSecret) as refusal:
        api.delete_provider("claude", "no-such-id")
    assert (refusal.value.status, refusal.value.exit_code) == (404, 4)
    assert api.list_generic() == []
    assert direct.wanted == 0


def test_when_the_agent_ends_in_the_middle_a_list_is_asked_for_again_and_a_change_is_not(
    api: ThroughAgent, agent: ErrandAgent, direct: Direct, remote: FakeSecretsServer
) -> None:
    agent.gone = True
    assert api.list_generic() == []
    assert direct.wanted == 1
    api = ThroughAgent(agent, direct, remote.url)
    with pytest.raises(NoAnswer) as unknown:
        api.create_provider("claude", "A", VALUE, "api_key", "user")
    assert unknown.value.sent
    assert len(remote.records("claude")) == 1
    assert len(api.list_provider("claude")) == 1
