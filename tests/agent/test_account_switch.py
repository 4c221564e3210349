"""Somebody goes to another organization, or signs in as someone else, in the middle of a push: nothing goes there."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.loop_clock import FakeLoopClock
from tests.fakes.secrets_server import FakeSecretsServer
from tests.fakes.session_files import access_token, go_session, write_session

from amika_agent.clock import SystemClock
from amika_agent.engine.engine import Engine
from amika_agent.settings import store
from amika_agent.sync.rules import QUEUES
from amika_shared.profile import resolve

Until = Callable[..., object]
DAY = 86400


class Stage:
    """An engine that is signed in by a session; `sign_in` puts another one in its place, as `auth login` does."""

    def __init__(self, server: FakeSecretsServer, home: Path) -> None:
        self.server = server
        self.clock = FakeLoopClock()
        self.home = home
        env = {**os.environ, "AMIKA_API_URL": server.url, "AMIKA_WORKOS_URL": server.url}
        self.profile = resolve(env)
        self.first = self.sign_in("user_1", "org_1")
        store(self.profile.settings_file, "sync.auto_push", ["claude"], SystemClock())
        self.credential("one")
        self.engine = Engine(self.profile, env, self.clock, "agent")

    def credential(self, name: str) -> None:
        claude_signs_in(self.home, f"sk-ant-oat01-fake-{name}", int(self.clock.now() + DAY) * 1000 + len(name))

    def sign_in(self, user: str, organization: str) -> str:
        """Return the token that is sent from now on."""
        now, sid = self.clock.now(), f"session_{user}_{organization}"
        token = access_token(sid=sid, iat=now, lifetime=DAY, sub=user, org_id=organization)
        session = go_session(iat=now, lifetime=DAY, sid=sid, refresh=f"rt_{sid}")
        session |= {"access_token": token, "user_id": user, "organization_id": organization}
        self.server.add_account(token, user, organization)
        write_session(Path(self.profile.amika_state_dir), session)
        return token

    def settle(self) -> None:
        """Go on until nothing is due any more."""
        for _ in range(20):
            self.engine.look()
            self.engine.renew()
            self.engine.reconcile()
            due = min((at for name in QUEUES if (at := self.engine.queue_due(name)) is not None), default=None)
            if due is None:
                return
            self.clock._wall = max(self.clock._wall, due)

    def records(self, organization: str) -> list[tuple[str, str]]:
        found = [record for record in self.server.records("claude") if record["org_id"] == organization]
        return [(record["name"], self.server.value_of(record["id"])) for record in found]


@pytest.fixture
def stage(home: Path) -> Iterator[Stage]:
    with FakeSecretsServer() as server:
        stage = Stage(server, home)
        yield stage
        server.faults.release()
        stage.engine.close()


@pytest.mark.parametrize(("user", "organization"), [("user_1", "org_2"), ("user_2", "org_2")])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_nothing_of_a_push_goes_to_who_signs_in_during_it(
    stage: Stage, until: Until, method: str, user: str, organization: str
) -> None:
    server = stage.server
    stage.settle()
    ((name, before),) = stage.records("org_1")
    stage.credential("two")
    stage.clock._wall += 60
    stage.engine.look()
    server.faults.add("slow", method=method, path="/secrets/claude", seconds=600)
    push = threading.Thread(target=stage.engine.reconcile)
    push.start()
    until(lambda: any(request.fault for request in server.requests), "the request that is answered late")
    other = stage.sign_in(user, organization)
    server.faults.release()
    push.join(60)
    assert not push.is_alive()
    assert [request for request in server.requests if request.token == other] == []
    assert stage.records("org_1"), "and there is one where it belongs"
    assert stage.records(organization) == []

    server.faults.clear()
    back = stage.sign_in("user_1", "org_1")
    stage.settle()
    assert [name for name, _ in stage.records("org_1")] == [name], "once back, it is brought to its end"
    ((_, after),) = stage.records("org_1")
    assert after != before
    assert any(request.token == back for request in server.requests)
