"""Storms: files that concern nobody wake nobody, and a credential that never stands still is pushed when it does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.agent_logins import FUTURE_MS, claude_signs_in
from tests.fakes.agents import AgentProcess
from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.clock import SystemClock
from amika_agent.engine.engine import Engine
from amika_agent.settings import store
from amika_shared.profile import resolve

pytestmark = pytest.mark.process
REWRITES, OVER = 200, 10.0
Until = Callable[..., object]


def test_thousands_of_unrelated_files_wake_no_lane(home: Path, until: Until) -> None:
    claude_signs_in(home, "sk-ant-oat01-fake-one")
    projects = home / ".claude" / "projects" / "somewhere"
    projects.mkdir(parents=True)
    engine = Engine(resolve(os.environ), dict(os.environ), SystemClock(), "agent", running=frozenset)
    woken: list[frozenset[str]] = []
    engine.watch(woken.append)
    try:
        engine.look()
        # what the first look itself wrote is an event of its own; wait until it has been told
        until(lambda: woken, "the env cache's own event")
        time.sleep(0.2)
        woken.clear()
        for number in range(3000):
            (projects / f"{number}.jsonl").write_text("{}")
            if number % 10 == 0:
                (home / ".claude" / f"history-{number}.jsonl").write_text("{}")
        assert woken == []
        claude_signs_in(home, "sk-ant-oat01-fake-two")
        until(lambda: woken, "the credential's event, behind all the others")
        assert set().union(*woken) == {"local"}
        assert len(woken) <= 3, "only the rename of the credential itself"
    finally:
        engine.unwatch()
        engine.close()


def test_two_hundred_rewrites_in_ten_seconds_push_seldom_and_end_with_the_last(
    home: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSecretsServer() as server:
        monkeypatch.setenv("AMIKA_API_URL", server.url)
        monkeypatch.setenv("AMIKA_API_KEY", server.token)
        store(resolve(os.environ).settings_file, "sync.auto_push", ["claude"], SystemClock())
        claude_signs_in(home, "sk-ant-oat01-fake-first")
        agent = AgentProcess().up()
        try:

            def stored() -> str:
                return "".join(server.value_of(record["id"]) for record in server.records("claude"))

            until(lambda: "fake-first" in stored() and len(server.records("claude")) == 1, "the first push")
            # a replacement goes by way of a record under another name: only those of the secret's own name count
            name = server.records("claude")[0]["name"]
            before = len(server.history("claude"))
            start = time.monotonic()
            for number in range(REWRITES):
                claude_signs_in(home, f"sk-ant-oat01-fake-{number:04}", FUTURE_MS + number)
                time.sleep(max(0.0, start + (number + 1) * OVER / REWRITES - time.monotonic()))
            last = f"fake-{REWRITES - 1:04}"

            def names() -> list[str]:
                return [record["name"] for record in server.records("claude")]

            until(lambda: last in stored() and names() == [name], "the last value")
            spent = time.monotonic() - start
            states = server.history("claude")[before - 1 :]
            pushes = len({record[0] for state in states for record in state if record[1] == name}) - 1
            # one at once, and one more for every two seconds that have passed
            assert 1 <= pushes <= 1 + spent / 2
            assert all(states), "there was always one"
        finally:
            assert agent.end() == 0
