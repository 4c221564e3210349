"""A provider whose answers do not come delays what goes there, and nothing else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.agent.sync.world import claude, codex_key
from tests.fakes.agent_logins import claude_signs_in, codex_signs_in
from tests.fakes.agents import AgentProcess
from tests.fakes.discoveries import discovery
from tests.fakes.http_clients import Impatient
from tests.fakes.secrets_server import FakeSecretsServer
from tests.fakes.turned_clock import TurnedClock

from amika_agent.accounts.amika import AccountKey
from amika_agent.clock import SystemClock
from amika_agent.engine.account import AccountPart
from amika_agent.engine.local import LocalPart
from amika_agent.engine.remote import RemotePart
from amika_agent.settings import store
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.facts import PushSettings
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.remote import RemoteSync
from amika_local.errors import Busy
from amika_local.secret import Secret
from amika_shared.profile import resolve

Until = Callable[..., object]


@pytest.fixture
def server() -> Iterator[FakeSecretsServer]:
    with FakeSecretsServer() as fake:
        yield fake


@pytest.fixture
def agent(home: Path, server: FakeSecretsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentProcess]:
    monkeypatch.setenv("AMIKA_API_URL", server.url)
    monkeypatch.setenv("AMIKA_API_KEY", server.token)
    store(resolve(os.environ).settings_file, "sync.auto_push", ["claude", "codex"], SystemClock())
    claude_signs_in(home, "sk-ant-oat01-fake-one", None)
    codex_signs_in(home, "sk-fake-one")
    agent = AgentProcess()
    yield agent
    server.faults.release()
    assert agent.end() == 0


def stored(server: FakeSecretsServer, provider: str) -> str:
    return "".join(server.value_of(record["id"]) for record in server.records(provider))


@pytest.mark.process
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_provider_is_silent_and_the_other_goes_on(
    home: Path, server: FakeSecretsServer, agent: AgentProcess, until: Until, method: str
) -> None:
    server.faults.add("delay", method=method, path="/secrets/claude", times=-1, seconds=600)
    agent.up()
    until(lambda: held(server), "the request that is held")
    for key in ("two", "three", "four"):
        codex_signs_in(home, f"sk-fake-{key}")
        until(lambda: stored(server, "codex") == f"sk-fake-{key}", f"codex's {key}")  # noqa: B023 -- called at once
    # each of those pushes waiting for its turn would have been another one that is held until its time is up
    assert held(server) < 4
    assert server.records("claude") == []
    server.faults.clear()
    server.faults.release()
    until(lambda: "fake-one" in stored(server, "claude"), "claude's, once it answers")
    until(lambda: len(server.records("claude")) == 1, "and it alone")


def held(server: FakeSecretsServer) -> int:
    return len([request for request in server.requests if request.fault])


@pytest.fixture
def remote(server: FakeSecretsServer, tmp_path: Path, clock: TurnedClock) -> Iterator[RemoteSync]:
    """As the command line does it without an agent: one provider after another."""
    db = SyncDb(str(tmp_path / "sync.db"), clock)
    with Impatient() as http:
        api = SecretsApi(server.url, lambda _force: Secret(server.token), http)
        account = AccountKey(server.url, "user_fake", "org_fake")
        yield RemoteSync(db, api, account, clock, PushSettings(auto_push=("claude", "codex"), settle=0.0))
    server.faults.release()
    db.close()


@pytest.mark.parametrize("fault", ["refuse", "delay", "portal", "status"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_after_another_the_silent_one_loses_none_of_the_others(
    server: FakeSecretsServer, remote: RemoteSync, clock: TurnedClock, method: str, fault: str
) -> None:
    server.faults.add(fault, method=method, path="/secrets/claude", times=-1, status=503)
    here = discovery(claude("one"), codex_key("one"))
    done = {outcome.provider: outcome.did for outcome in remote.run(here)}
    assert done == {"claude": "waiting", "codex": "created"}
    assert stored(server, "codex") == "sk-fake-one"
    server.faults.clear()
    server.faults.release()
    for _ in range(5):
        due = remote.due_at()
        if due is None:
            break
        clock.turn(due - clock.now())
        remote.run(here)
    assert len(server.records("claude")) == 1
    assert len(server.records("codex")) == 1


def test_the_plan_goes_without_the_listing_that_does_not_come(server: FakeSecretsServer, remote: RemoteSync) -> None:
    server.faults.add("delay", path="/secrets/claude", times=-1)
    found = remote.plan(discovery(claude("one"), codex_key("one")))
    assert found.offline
    assert {a.provider: (a.kind, a.code) for a in found.actions} == {
        "claude": ("wait", "unlisted"),
        "codex": ("create", "new"),
    }


def test_a_sign_out_does_not_wait_for_what_is_on_its_way_to_a_silent_server(
    home: Path, server: FakeSecretsServer, until: Until
) -> None:
    claude_signs_in(home, "sk-ant-oat01-fake-one", None)
    env, clock, profile = (
        {"AMIKA_API_URL": server.url, "AMIKA_API_KEY": server.token},
        SystemClock(),
        resolve(os.environ),
    )
    store(profile.settings_file, "sync.auto_push", ["claude"], clock)
    db = SyncDb(profile.sync_db, clock)
    local = LocalPart(profile, env, clock, lambda: db)
    accounts = AccountPart(profile, env, clock, "agent", local.settings)
    remote = RemotePart(accounts, clock, lambda: db, local.pause.until, local.settings)
    found = local.look()[1]
    server.faults.add("delay", method="GET", seconds=600)
    work = threading.Thread(target=lambda: remote.reconcile("claude", found.discovery, found.settings, again=None))
    work.start()
    until(lambda: server.requests, "the request")
    try:
        with pytest.raises(Busy):
            remote.finish_open(found.discovery, found.settings, patience=0.1)
        assert work.is_alive(), "the push was waited for"
    finally:
        server.faults.release()
        work.join(30)
    remote.finish_open(found.discovery, found.settings, patience=30)  # and it lets go of all that it held
    accounts.close()
    db.close()
