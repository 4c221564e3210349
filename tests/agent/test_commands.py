"""`amika agent …` as a person types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.agents import AgentProcess

from amika_agent import process
from amika_shared.profile import resolve

pytestmark = pytest.mark.process


def amika(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "amika_cli.main", "agent", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(autouse=True)
def nothing_left(home: Path) -> Iterator[None]:
    yield
    process.stop()
    process.stop(local=True)


def test_start_status_restart_stop(home: Path) -> None:
    none = amika("status")
    assert none.returncode == 4
    assert "agent start" in none.stderr
    started = amika("start")
    assert started.returncode == 0
    assert "is running (pid" in started.stdout
    again = amika("start", "--json")
    assert json.loads(again.stdout)["already"] is True
    status = amika("status")
    assert status.returncode == 0
    assert "build" in status.stdout
    pid = json.loads(amika("status", "-o", "json").stdout)["pid"]
    assert amika("restart").returncode == 0
    assert json.loads(amika("status", "-o", "json").stdout)["pid"] != pid
    stopped = amika("stop")
    assert stopped.returncode == 0
    assert stopped.stdout.startswith("The agent stopped.\nStart it again: ")
    assert amika("stop").stdout == "No agent is running.\n"


def test_stopping_it_freezes_the_env_cache_and_says_so(home: Path) -> None:
    (home / ".cache" / "amika").mkdir(parents=True)
    (home / ".cache" / "amika" / "env-cache.json").write_text('{"MY_OWN_API_KEY": "fake"}')
    assert amika("start").returncode == 0
    assert "~/.cache/amika/env-cache.json stays as it is: frozen from now on." in amika("stop").stdout


def test_json_says_the_same(home: Path) -> None:
    assert json.loads(amika("status", "--json").stdout) == {"running": False}
    assert json.loads(amika("stop", "--json").stdout) == {"stopped": False}
    started = json.loads(amika("start", "--json").stdout)
    assert started["running"]
    assert not started["already"]
    found = json.loads(amika("status", "--json").stdout)
    assert found["pid"] == started["pid"]
    assert found["usable"]


def test_status_says_when_this_shell_works_without_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    amika("start")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home / "elsewhere"))
    shown = amika("status")
    assert shown.returncode == 0
    assert "work without it: the running agent has another CLAUDE_CONFIG_DIR" in shown.stdout


def test_the_log_is_shown_and_followed(home: Path) -> None:
    empty = amika("logs")
    assert empty.returncode == 0
    assert "no lines yet" in empty.stderr
    amika("start")
    assert "started for the profile default" in amika("logs").stdout
    assert amika("logs", "-n", "0").stdout == ""
    assert amika("logs", "--lines", "x").returncode == 2
    command = [sys.executable, "-m", "amika_cli.main", "agent", "logs", "-f", "-n", "0"]
    following = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE)
    assert following.stdout is not None
    path = Path(resolve(os.environ).agent_log)
    line = ""
    end = time.monotonic() + 20
    os.set_blocking(following.stdout.fileno(), False)
    while "sentinel" not in line and time.monotonic() < end:
        with path.open("a") as file:
            file.write("a sentinel with sk-fake-0123456789\n")
        time.sleep(0.1)
        line = following.stdout.readline()
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=20)
    assert line == "a sentinel with ****\n"
    assert following.returncode == 130


def test_run_in_the_foreground_and_the_second_one(home: Path) -> None:
    command = [sys.executable, "-m", "amika_cli.main", "agent", "run", "--log-level", "debug"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while not process.status() and time.monotonic() < end:
        time.sleep(0.02)
    assert process.status()["pid"] == running.pid
    second = amika("run")
    assert second.returncode == 5
    assert f"already running (pid {running.pid})" in second.stderr
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 0


def test_another_home_can_be_looked_at(home: Path, tmp_path: Path) -> None:
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": "sk-fake-0123456789"}))
    agent = AgentProcess("--homedir", str(tmp_path)).up()
    try:
        assert process.status()["usable"] is False
        assert agent.profile.home != str(tmp_path)
        cache = tmp_path / ".cache" / "amika" / "env-cache.json"
        end = time.monotonic() + 20
        while not cache.exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert json.loads(cache.read_text())["OPENAI_API_KEY"] == "sk-fake-0123456789"
        assert not os.path.exists(agent.profile.env_cache)
    finally:
        agent.end()
