"""The whole main job with nothing faked: agent and local workspace as processes, real files, the real protocol."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.agent_logins import claude_signs_in
from tests.fakes.agents import AgentProcess, agent_with_workspace

from amika_agent.clock import SystemClock
from amika_agent.sync.journal import SyncDb
from amika_agent.workspace import launch
from amika_local.session_file import read_session, session_path
from amika_shared.client import AgentError

pytestmark = pytest.mark.process


@pytest.fixture
def agent() -> Iterator[AgentProcess]:
    with agent_with_workspace() as agent:
        yield agent


@pytest.fixture
def signed_in(agent: AgentProcess) -> AgentProcess:
    agent.sign_in()
    return agent


def write_claude(home: Path, number: int) -> None:
    claude_signs_in(home, f"sk-ant-oat01-fake-{number}", int((time.time() + 8 * 3600 + number) * 1000))


def cached(agent: AgentProcess) -> object:
    found = agent.env_cache().get("_amika", {}).get("env", {}).get("CLAUDE_CODE_OAUTH_TOKEN", {})
    return found.get("value")


def rule_state(agent: AgentProcess) -> list[tuple[str, str]]:
    return [(rule["id"], rule["state"]) for rule in agent.ask("status")["rules"]]


def test_sign_in_find_cache_push_follow_sign_out(agent: AgentProcess, home: Path, until: Callable[..., object]) -> None:
    events = agent.sign_in()
    assert [event["event"] for event in events if event["event"] != "waiting"] == ["code", "done"]
    stored = read_session(session_path(agent.profile.amika_state_dir))
    assert stored is not None
    assert events[-1]["email"] == stored.email
    until(lambda: agent.ask("status")["accounts"][0]["signed_in"], "the account")

    write_claude(home, 1)
    until(lambda: cached(agent) == "sk-ant-oat01-fake-1", "the env cache")
    until(lambda: rule_state(agent) == [("claude-oauth", "in_sync")], "the push")
    (first,) = agent.pushes()

    write_claude(home, 2)
    until(lambda: cached(agent) == "sk-ant-oat01-fake-2", "the env cache")
    until(lambda: agent.pushes() != [first], "the second push")
    until(lambda: rule_state(agent) == [("claude-oauth", "in_sync")], "the end of the push")
    assert agent.ask("status")["state"] == "in_sync"

    assert agent.ask("sync", dry_run=True)["actions"][0]["kind"] == "keep"
    assert agent.ask("sync")["actions"][0]["action"] == "unchanged"

    gone = agent.ask("sign_out")
    assert gone["was_signed_in"]
    assert gone["revoked"]
    assert gone["left_remotely"] == ["Claude OAuth"]
    until(lambda: agent.ask("status")["state"] == "signed_out", "signed out")
    assert cached(agent) == "sk-ant-oat01-fake-2"
    assert not agent.ask("sign_out")["was_signed_in"]
    assert "sk-ant" not in agent.log()


def test_a_sign_in_that_is_refused_ends_with_an_error_and_the_next_one_works(agent: AgentProcess) -> None:
    with pytest.raises(AgentError) as caught:
        agent.sign_in(approve=False)
    assert caught.value.code == "denied"
    assert agent.ask("status")["sign_in"] is None
    assert agent.sign_in()[-1]["event"] == "done"


def test_leaving_a_sign_in_cancels_it(agent: AgentProcess, until: Callable[..., object]) -> None:
    client = agent.client()
    stream = client.stream("sign_in")
    assert next(stream)["event"] == "code"
    until(lambda: agent.ask("status")["sign_in"], "the sign-in in the snapshot")
    client.close()
    until(lambda: agent.ask("status")["sign_in"] is None, "its end")
    assert agent.ask("status")["state"] == "signed_out"


def test_a_server_that_dies_and_comes_back_costs_nothing(
    signed_in: AgentProcess, home: Path, until: Callable[..., object]
) -> None:
    agent = signed_in
    write_claude(home, 1)
    until(lambda: rule_state(agent) == [("claude-oauth", "in_sync")], "the push")
    running = launch.find(agent.profile.workspace_dir, SystemClock())
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    write_claude(home, 2)
    until(lambda: cached(agent) == "sk-ant-oat01-fake-2", "the env cache does not wait for the server")
    until(lambda: rule_state(agent) == [("claude-oauth", "in_sync")], "the push after the restart", 60)
    assert agent.ask("status")["accounts"][0]["signed_in"]


def test_kill_9_of_the_agent_loses_nothing(signed_in: AgentProcess, home: Path, until: Callable[..., object]) -> None:
    write_claude(home, 1)
    until(lambda: rule_state(signed_in) == [("claude-oauth", "in_sync")], "the push")
    signed_in.end(signal.SIGKILL)
    write_claude(home, 2)
    (home / ".codex").mkdir()
    second = AgentProcess(local=True).up()
    try:
        until(lambda: cached(second) == "sk-ant-oat01-fake-2", "the env cache")
        until(lambda: rule_state(second) == [("claude-oauth", "in_sync")], "the push")
        assert second.ask("status")["accounts"][0]["signed_in"]
    finally:
        second.end()


def test_a_rule_that_another_process_wrote_is_followed(
    signed_in: AgentProcess, home: Path, until: Callable[..., object]
) -> None:
    agent = signed_in
    write_claude(home, 1)
    until(lambda: rule_state(agent) == [("claude-oauth", "in_sync")], "the push")
    db = SyncDb(agent.profile.sync_db, SystemClock())
    (account,) = db.accounts()
    db.forget_rule(account, "claude-oauth")
    db.close()
    assert agent.ask("sync", wait=False) == {}
    until(lambda: rule_state(agent) == [("claude-oauth", "in_sync")], "the rule that auto_push makes again")


def test_wrong_arguments_are_usage_and_unknown_operations_say_what_to_do(agent: AgentProcess) -> None:
    for op, args, code in [
        ("sign_in", {"organization": 7}, "usage"),
        ("sign_in", {"organization": "x" * 300}, "usage"),
        ("sync", {"dry_run": "yes"}, "usage"),
        ("choose_organization", {"id": "org"}, "conflict"),
        ("sync", {"dry_run": True}, "not_signed_in"),
        ("rm -rf", {}, "unknown_op"),
    ]:
        with pytest.raises(AgentError) as caught:
            agent.ask(op, **args)
        assert caught.value.code == code, op
    assert agent.ask("status")["profile"] == "local"
