"""The engine and a server that fails in every way: the right state, a message, and recovery by itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.loop_clock import FakeLoopClock
from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.clock import SystemClock
from amika_agent.engine.engine import Engine
from amika_agent.settings import store
from amika_agent.sync.rules import QUEUES
from amika_shared.profile import Profile, resolve

TOKEN = "sk-ant-oat01-fake-token"


class Stage:
    def __init__(self, server: FakeSecretsServer, home: Path) -> None:
        self.server = server
        self.clock = FakeLoopClock()
        env = {**os.environ, "AMIKA_API_URL": server.url, "AMIKA_API_KEY": server.token}
        self.profile: Profile = resolve(env)
        store(self.profile.settings_file, "sync.auto_push", ["claude"], SystemClock())
        self.home = home
        self.write(1)
        self.engine = Engine(self.profile, env, self.clock, "agent")

    def write(self, number: int) -> None:
        claude_signs_in(self.home, f"{TOKEN}-{number}", (1_800_000_000 + 8 * 3600 + number) * 1000)

    def cycle(self) -> str:
        self.engine.look()
        self.engine.renew()
        self.engine.reconcile()
        return self.state()

    def state(self) -> str:
        return str(self.engine.snapshot()["state"])

    def due(self) -> float | None:
        """When the first of the queues has to go on."""
        return min((at for name in QUEUES if (at := self.engine.queue_due(name)) is not None), default=None)

    def until_due(self) -> str:
        """Let the time come at which the remote lane goes on by itself, until it has nothing more to do by itself."""
        for _ in range(20):
            due = self.due()
            if due is None:
                break
            self.clock._wall = max(self.clock._wall, due)
            self.engine.reconcile()
        return self.state()

    def stored(self) -> list[str]:
        return [record["name"] for record in self.server.records("claude")]


@pytest.fixture
def stage(home: Path) -> Iterator[Stage]:
    with FakeSecretsServer() as server:
        stage = Stage(server, home)
        yield stage
        stage.engine.close()


def test_nothing_fails(stage: Stage) -> None:
    stage.cycle()
    assert stage.until_due() == "in_sync"
    assert stage.stored() == ["Claude OAuth"]
    sent = len(stage.server.requests)
    for _ in range(3):
        stage.engine.look()
        stage.engine.renew()
    assert len(stage.server.requests) == sent


@pytest.mark.parametrize("fault", ["refuse", "reset", "status", "portal", "garbage", "half", "html", "huge"])
def test_every_fault_of_the_listing_is_a_state_with_a_message_and_passes(stage: Stage, fault: str) -> None:
    stage.server.faults.add(fault, method="GET", times=2)
    assert stage.cycle() == "offline"
    (problem,) = stage.engine.snapshot()["problems"]
    assert problem["message"]
    assert problem["remedy"]
    assert TOKEN not in json.dumps(stage.engine.snapshot())
    assert json.loads(Path(stage.profile.env_cache).read_text())["_amika"]["env"], "the cache needs no server"
    assert stage.due() is not None
    assert stage.until_due() == "in_sync"
    assert stage.engine.snapshot()["problems"] == []
    assert stage.stored() == ["Claude OAuth"]


@pytest.mark.parametrize("status", [302, 400, 403, 404, 408, 425, 429])
def test_every_refusal_of_the_listing_is_asked_again_by_itself(stage: Stage, status: int) -> None:
    """Nothing on this machine changes when a server has room again, or a right is given back."""
    stage.server.faults.add("status", method="GET", status=status, times=2)
    stage.cycle()
    (problem,) = stage.engine.snapshot()["problems"]
    assert problem["remedy"]
    assert stage.until_due() == "in_sync"
    assert stage.engine.snapshot()["problems"] == []
    assert stage.stored() == ["Claude OAuth"]


@pytest.mark.parametrize(("retry_after", "pause"), [("120", 120), ("99999999", 3600), ("-5", 5), ("tomorrow", 5)])
def test_a_server_that_asks_for_a_pause_gets_it(stage: Stage, retry_after: str, pause: int) -> None:
    stage.server.faults.add("status", method="GET", status=429, retry_after=retry_after)
    stage.cycle()
    due = stage.due()
    assert due is not None
    assert due - stage.clock.now() == pause
    asked = len(stage.server.requests)
    assert stage.until_due() == "in_sync"
    assert len(stage.server.requests) > asked


@pytest.mark.parametrize("fault", ["refuse", "reset", "status", "drop", "status_after", "garbage", "half", "html"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_every_fault_of_a_replacement_ends_with_exactly_one(stage: Stage, fault: str, method: str) -> None:
    stage.cycle()
    assert stage.until_due() == "in_sync"
    stage.write(2)
    stage.server.faults.add(fault, method=method)
    stage.cycle()
    assert stage.until_due() == "in_sync"
    assert stage.stored() == ["Claude OAuth"]
    (record,) = stage.server.records("claude")
    assert f"{TOKEN}-2" in stage.server.value_of(record["id"])


def test_a_rejected_key_is_a_problem_that_says_what_to_do_and_passes_when_it_is_accepted_again(stage: Stage) -> None:
    stage.server.revoke(stage.server.token)
    assert stage.cycle() == "problem"
    (problem,) = stage.engine.snapshot()["problems"]
    assert problem["remedy"]
    stage.server.add_account(stage.server.token, stage.server.user_id, stage.server.org_id)
    assert stage.until_due() == "in_sync"
    assert stage.engine.snapshot()["problems"] == []


def test_a_refused_value_is_a_problem_of_its_rule_and_the_next_value_goes(stage: Stage) -> None:
    stage.server.faults.add("status", method="POST", status=422)
    stage.cycle()
    stage.until_due()
    snapshot = stage.engine.snapshot()
    assert snapshot["state"] in ("problem", "attention")
    assert snapshot["rules"][0]["state"] == "problem"
    stage.write(2)
    stage.cycle()
    assert stage.until_due() == "in_sync"


def test_the_same_failure_again_and_again_is_asked_less_and_less_often(stage: Stage) -> None:
    stage.server.faults.add("refuse", times=-1)
    stage.cycle()
    started = stage.clock.now()
    for _ in range(10):
        due = stage.due()
        assert due is not None
        assert due > stage.clock.now()
        stage.clock._wall = due
        stage.engine.reconcile()
    assert stage.clock.now() - started > 120
    stage.server.faults.clear()
    assert stage.until_due() == "in_sync"


def test_one_provider_that_is_silent_is_no_network_that_is_away(stage: Stage) -> None:
    store(stage.profile.settings_file, "sync.auto_push", ["claude", "codex"], SystemClock())
    (stage.home / ".codex").mkdir()
    (stage.home / ".codex" / "auth.json").write_text('{"OPENAI_API_KEY": "sk-fake-codex"}')
    stage.cycle()
    assert stage.until_due() == "in_sync"
    stage.write(2)
    stage.server.faults.add("refuse", path="/secrets/claude", times=-1)
    assert stage.cycle() != "offline"
    assert {line["provider"]: line["state"] for line in stage.engine.snapshot()["rules"]}["codex"] == "in_sync"
    stage.server.faults.add("refuse", path="/secrets/codex", times=-1)
    assert stage.cycle() == "offline"
    stage.server.faults.clear()
    stage.cycle()
    assert stage.until_due() == "in_sync"
