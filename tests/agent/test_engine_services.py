"""almyty and AKOS through the running agent: signing in by its stream, accounts in the snapshot, signing out."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.agents import AgentProcess, agent_with_workspace

from amika_agent.workspace import launch
from amika_shared.client import AgentError

pytestmark = pytest.mark.process


@pytest.fixture
def agent() -> Iterator[AgentProcess]:
    with agent_with_workspace() as agent:
        yield agent


def click_approve(page: str) -> None:
    """Be the browser: approve on almyty's page and take the key to the program, as the fragment page does."""
    with httpx.Client() as browser:
        shown = browser.get(page).text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown))
        origin = page.partition("/cli-login")[0]
        answer = browser.post(f"{origin}/cli-login", data={**fields, "decision": "approve"}, headers={"Origin": origin})
        assert answer.status_code == 303
        callback, _, fragment = answer.headers["location"].partition("#")
        given = dict(pair.split("=") for pair in fragment.split("&"))
        here = callback.removesuffix("/cb")
        assert browser.post(f"{here}/cb-complete", json=given, headers={"Origin": here}).json() == {"ok": True}
        browser.get(f"{here}/success")


def events(agent: AgentProcess, service: str) -> list[dict[str, Any]]:
    found = []
    with agent.client() as client:
        for event in client.stream("sign_in", {"service": service}):
            found.append(event)
            if event["event"] == "code" and event["user_code"]:
                launch.decide(agent.profile.workspace_dir, event["user_code"], approve=True)
            elif event["event"] == "code":
                click_approve(event["verification_uri"])
    return found


def accounts(agent: AgentProcess) -> dict[str, dict[str, Any]]:
    return {account["service"]: account for account in agent.ask("status")["accounts"]}


def test_sign_in_see_and_sign_out(agent: AgentProcess, until: Callable[..., object], home: Path) -> None:
    assert list(accounts(agent)) == ["amika"]
    assert events(agent, "almyty")[-1]["event"] == "done"
    assert events(agent, "akos")[-1]["service"] == "akos"
    until(lambda: len(accounts(agent)) == 3, "three accounts")
    found = accounts(agent)
    assert found["almyty"]["signed_in"] is True
    assert found["almyty"]["organization"] == "Local workspace"
    assert found["akos"]["user_id"].startswith("user_local_")
    assert found["akos"]["organization"] == "Local workspace"
    assert found["amika"]["signed_in"] is False
    assert agent.ask("status")["sign_in"] is None
    assert not (home / ".almyty").exists()
    with agent.client() as client:
        left = client.call("sign_out", {"service": "almyty"})
        assert (left["was_signed_in"], left["revoked"]) == (True, True)
        assert client.call("sign_out", {"service": "akos"})["revoked"] is True
        assert client.call("sign_out", {"service": "akos"})["was_signed_in"] is False
    until(lambda: list(accounts(agent)) == ["amika"], "one account")


def test_the_agent_renews_the_akos_session_before_it_ends(agent: AgentProcess, until: Callable[..., object]) -> None:
    events(agent, "akos")
    path = Path(agent.profile.data_dir, "akos-session.json")
    before = json.loads(path.read_text())
    path.write_text(json.dumps({**before, "expires_at": time.time() + 60}))
    agent.ask("sync", wait=False)
    until(lambda: json.loads(path.read_text())["access_token"] != before["access_token"], "a renewed session")
    assert json.loads(path.read_text())["expires_at"] > time.time() + 300


@pytest.mark.parametrize("op", ["sign_in", "sign_out"])
def test_an_unknown_service_is_refused(agent: AgentProcess, op: str) -> None:
    with agent.client() as client, pytest.raises(AgentError) as refused:
        list(client.stream(op, {"service": "nobody"}))
    assert refused.value.code == "usage"
