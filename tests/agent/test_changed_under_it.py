"""What another process, or a person, changes under the running agent: settings it has not read yet, its own folder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.accounts.amika import AccountKey
from amika_agent.clock import SystemClock
from amika_agent.engine.engine import Engine
from amika_agent.http.client import Http
from amika_agent.settings import store
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.remote import RemoteSync
from amika_local.secret import Secret
from amika_shared.profile import Profile, resolve

RULE = "claude-oauth"


class Command:
    """Another process: `amika sync forget`, which stops the automatic push before it removes the rule."""

    def __init__(self, profile: Profile, server: FakeSecretsServer, account: AccountKey) -> None:
        self.http = Http()
        self.profile = profile
        self.db = SyncDb(profile.sync_db, SystemClock())
        api = SecretsApi(server.url, lambda _: Secret(server.token), self.http)
        self.remote = RemoteSync(self.db, api, account, SystemClock())

    def forget(self) -> None:
        store(self.profile.settings_file, "sync.auto_push", [], SystemClock())
        self.remote.take_back(RULE)

    def close(self) -> None:
        self.db.close()
        self.http.close()


@pytest.fixture
def server() -> Iterator[FakeSecretsServer]:
    with FakeSecretsServer() as fake:
        yield fake


@pytest.fixture
def engine(home: Path, server: FakeSecretsServer) -> Iterator[Engine]:
    profile = resolve(os.environ)
    claude_signs_in(home, "sk-ant-oat01-fake-one", None)
    os.utime(home / ".claude" / ".credentials.json", (1, 1))
    store(profile.settings_file, "sync.auto_push", ["claude"], SystemClock())
    env = {**os.environ, "AMIKA_API_URL": server.url, "AMIKA_API_KEY": server.token}
    engine = Engine(profile, env, SystemClock(), "agent")
    engine.cycle()
    yield engine
    engine.close()


@pytest.fixture
def command(engine: Engine, server: FakeSecretsServer) -> Iterator[Command]:
    account = engine.errands._accounts.account()
    assert account is not None
    command = Command(engine.profile, server, account)
    assert [rule.id for rule in command.db.rules(account.text)] == [RULE]
    yield command
    command.close()


def rules(command: Command) -> list[str]:
    return [rule.id for _, rule in command.db.rules_elsewhere("")]


def test_a_rule_that_is_forgotten_is_not_made_again_by_a_push_that_follows_at_once(engine, command, server):
    """The command nudges the agent when it is done, and the remote lane may be quicker than the local one."""
    command.forget()
    engine.reconcile_queue("claude")
    assert rules(command) == []
    assert server.records("claude") == []


def test_nor_by_one_that_is_under_way(engine, command, server, until: Callable[..., object]):
    """It lists for the organization first; the rule is forgotten meanwhile, under the lock of its own scope."""
    command.forget()
    store(engine.profile.settings_file, "sync.auto_push", ["claude"], SystemClock())
    engine.look()
    before = len(server.requests)
    server.faults.add("slow", method="GET")
    push = threading.Thread(target=lambda: engine.reconcile_queue("claude"))
    push.start()
    until(lambda: server.requests[before:], "the listing")
    store(engine.profile.settings_file, "sync.auto_push", [], SystemClock())
    server.faults.release()
    push.join(30)
    assert not push.is_alive()
    assert rules(command) == []
    assert server.records("claude") == []


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_data_folder_that_is_taken_away_is_noticed(engine, server, home, how):
    """By hand, or from a backup: what the agent goes on with is what a command sees."""
    folder = Path(engine.profile.data_dir)
    folder.rename(folder.with_name("taken-away"))
    if how == "replaced":
        other = SyncDb(engine.profile.sync_db, SystemClock())
        other.put_meta("whose", "the backup's")
        other.close()
    claude_signs_in(home, "sk-ant-oat01-fake-two", None)
    os.utime(home / ".claude" / ".credentials.json", (2, 2))
    engine.cycle()
    seen = SyncDb(engine.profile.sync_db, SystemClock())
    assert [rule.id for _, rule in seen.rules_elsewhere("")] == [RULE]
    assert seen.meta("whose") == ("the backup's" if how == "replaced" else None)
    seen.close()
    # what was known of the first record is gone with the folder: it counts as another machine's
    assert ["fake-two" in server.value_of(record["id"]) for record in server.records("claude")] == [False, True]
