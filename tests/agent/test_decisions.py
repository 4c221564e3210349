"""What clients of the socket may decide, on a real agent with its local workspace: pause, resume, settings."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.agents import AgentProcess, agent_with_workspace

from amika_agent.activity.log import ActivityLog
from amika_agent.clock import SystemClock
from amika_shared.client import AgentError

pytestmark = pytest.mark.process
Until = Callable[..., object]


@pytest.fixture
def agent(home: Path) -> Iterator[AgentProcess]:
    write_claude(home, 1)
    with agent_with_workspace() as agent:
        yield agent


@pytest.fixture
def in_sync(agent: AgentProcess, until: Until) -> AgentProcess:
    """Signed in through the socket; the credential that was there before is pushed."""
    agent.sign_in()
    until(lambda: states(agent) == ["in_sync"], "the push that the sign-in asks for")
    return agent


def write_claude(home: Path, number: int) -> None:
    claude_signs_in(home, f"sk-ant-oat01-fake-{number}", int((time.time() + 8 * 3600 + number) * 1000))


def states(agent: AgentProcess) -> list[str]:
    return [rule["state"] for rule in agent.ask("status")["rules"]]


def events(agent: AgentProcess) -> list[tuple[str, str, str]]:
    log = ActivityLog(agent.profile.activity_db, SystemClock())
    try:
        return [(event.what, event.subject, event.caller) for event in log.events()]
    finally:
        log.close()


def refused(agent: AgentProcess, op: str, **args: Any) -> str:
    with pytest.raises(AgentError) as caught:
        agent.ask(op, **args)
    return caught.value.code


def test_everything_is_paused_and_goes_on(in_sync: AgentProcess, home: Path, until: Until) -> None:
    first = in_sync.pushes()
    told = in_sync.ask("pause", seconds=3600)
    snapshot = in_sync.ask("status")
    assert (snapshot["state"], snapshot["paused_until"]) == ("paused", told["until"])
    write_claude(home, 2)
    (action,) = in_sync.ask("sync")["actions"]
    assert (action["action"], action["detail"]) == ("waiting", "paused")
    assert in_sync.ask("status")["env_cache"]["state"] == "behind"
    assert in_sync.pushes() == first
    assert in_sync.ask("resume") == {"was_paused": True, "rule": ""}
    until(lambda: in_sync.pushes() != first, "the push")
    until(lambda: in_sync.ask("status")["state"] == "in_sync", "the end of it")
    told = events(in_sync)
    assert [what for what, subject, _ in told if subject == "everything"] == ["paused", "resumed"]
    assert all("(pid " in caller for what, _, caller in told if what in ("paused", "resumed", "signed_in"))
    assert {"found", "cached", "signed_in", "rule_added", "created", "changed"} <= {what for what, _, _ in told}


def test_one_rule_is_paused_and_goes_on(in_sync: AgentProcess, home: Path, until: Until) -> None:
    first = in_sync.pushes()
    assert in_sync.ask("pause", rule="claude-oauth")["until"] is None
    assert refused(in_sync, "pause", rule="nope") == "not_found"
    write_claude(home, 2)
    in_sync.ask("sync")
    assert (in_sync.pushes(), states(in_sync)) == (first, ["paused"])
    assert in_sync.ask("status")["state"] != "paused"
    assert in_sync.ask("resume", rule="claude-oauth")["was_paused"]
    until(lambda: in_sync.pushes() != first, "the push")


def test_a_pause_ends_by_itself(in_sync: AgentProcess, home: Path, until: Until) -> None:
    first = in_sync.pushes()
    in_sync.ask("pause", seconds=1.5)
    write_claude(home, 2)
    until(lambda: in_sync.pushes() != first, "the push after the pause")
    assert in_sync.ask("status")["paused_until"] is None


def test_nonsense_is_refused_and_changes_nothing(agent: AgentProcess) -> None:
    for seconds in ("1h", True, [], -1, 0, 1e12):
        assert refused(agent, "pause", seconds=seconds) == "usage"
    assert refused(agent, "pause", rule=5) == "usage"
    assert agent.ask("status")["state"] != "paused"
    for key in ("account.api_url", "network.proxy", "network.ca_file", "nonsense", ""):
        assert refused(agent, "configure", key=key, value="http://127.0.0.1:1") == "usage"
    assert not os.path.exists(agent.profile.settings_file)


def test_a_setting_is_taken_at_once(agent: AgentProcess, until: Until) -> None:
    until(lambda: agent.ask("status")["env_cache"]["entries"] == 1, "the env cache")
    assert agent.ask("configure", key="env_cache.enabled", value=False) == {"key": "env_cache.enabled"}
    assert agent.ask("status")["env_cache"]["state"] == "off"


def test_the_organization_has_a_name(in_sync: AgentProcess) -> None:
    (account, *_) = in_sync.ask("status")["accounts"]
    assert account["organization"] == "Local workspace"
    assert account["org_id"].startswith("org_local_")


def test_a_pause_for_an_account_that_is_not_there(agent: AgentProcess) -> None:
    assert refused(agent, "pause", rule="claude-oauth") == "not_signed_in"
