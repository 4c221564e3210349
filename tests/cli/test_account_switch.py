"""A command that has begun for one account does nothing in another: whoever signs in meanwhile gets nothing of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.secrets_server import FakeSecretsServer
from tests.fakes.session_files import access_token, go_session, write_session

from amika_agent.clock import SystemClock
from amika_cli.commands.secret_provider_list import FLAGS
from amika_cli.context import Context
from amika_cli.flags import parse
from amika_local.errors import NotSignedIn
from amika_local.secret import Secret
from amika_shared.profile import resolve


@pytest.fixture
def server() -> Iterator[FakeSecretsServer]:
    with FakeSecretsServer() as running:
        yield running


def sign_in(server: FakeSecretsServer, organization: str) -> str:
    """Put a session of this organization in the place of what is there; return its token."""
    now = SystemClock().now()
    token = access_token(sid=organization, iat=now, lifetime=86400, sub="user_1", org_id=organization)
    session = go_session(iat=now, lifetime=86400, sid=organization, refresh=f"rt_{organization}")
    session |= {"access_token": token, "user_id": "user_1", "organization_id": organization}
    write_session(Path(resolve(os.environ).amika_state_dir), session)
    server.add_account(token, "user_1", organization)
    return token


@pytest.mark.parametrize("again", [False, True], ids=["one connection", "asked for anew"])
def test_what_was_asked_about_one_organization_is_not_done_in_another(home, server, again):
    mine = sign_in(server, "org_1")
    env = {**os.environ, "AMIKA_API_URL": server.url, "AMIKA_WORKOS_URL": server.url}
    with Context(parse([], FLAGS), env) as context:
        assert context.api.list_provider("claude") == []  # what the person saw before they said yes
        other = sign_in(server, "org_2")

        def goes_on() -> object:
            if again:
                return context._direct_api()
            return context.api.create_provider("claude", "A", Secret("sk-ant-fake"), "api_key", "user")

        with pytest.raises(NotSignedIn) as refused:
            goes_on()
        assert refused.value.remedy
        assert [request.token for request in server.requests] == [mine]
        assert server.records("claude") == []
        assert other != mine
