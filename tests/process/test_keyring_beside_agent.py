"""A session in the keyring while an agent runs: the agent renews it, a command takes what that brings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.agents import AgentProcess
from tests.fakes.workos_server import WorkosServer

from amika_agent.session.keychain import KeychainStore, Pointer
from amika_agent.session.rules import merged
from amika_cli.context import Context
from amika_cli.flags import Args
from amika_shared.profile import resolve

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
LIFETIME, LEFT = 300.0, 60.0  # less than a command wants to have left


@pytest.fixture
def agent(server: WorkosServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentProcess]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.fakes.file_keyring.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FAKE_KEYRING_FILE", str(home / "ring.json"))
    settings = Path(resolve(os.environ).settings_file)
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f'session_store = "keychain"\n[account]\napi_url = "{server.url}"\nworkos_url = "{server.url}"\n'
    )
    agent = AgentProcess().up()
    yield agent
    if agent.process.poll() is None:
        agent.process.send_signal(signal.SIGCONT)
    agent.end()


def signed_in_long_ago(server: WorkosServer) -> None:
    server.model.now = lambda: time.time() - LIFETIME + LEFT
    answer = server.model.open_session()
    server.model.now = time.time
    state = resolve(os.environ).amika_state_dir
    KeychainStore(state, Pointer(state)).replace(merged(None, answer, time.time() - LIFETIME + LEFT))


def command(mode: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "amika_cli.main", "whoami", "--verify"],
        env={**os.environ, "FAKE_KEYRING_MODE": mode},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_agent_writes_the_keyring_for_a_command_that_cannot(server, agent):
    agent.process.send_signal(signal.SIGSTOP)  # asleep, as after a lid was shut
    signed_in_long_ago(server)
    agent.process.send_signal(signal.SIGCONT)
    with Context(Args([], {}, [])) as context:
        assert context.authority.keeper._agent(), "the one that a command asks"
    ran = command("read-only")
    assert ran.returncode == 0, ran.stderr
    assert server.count("refresh") == 1


def test_without_an_agent_the_command_has_to(server, agent):
    agent.end()
    signed_in_long_ago(server)
    with Context(Args([], {}, [])) as context:
        assert not context.authority.keeper._agent()
    assert command("read-only").returncode == 5
    assert server.count("refresh") == 0
    assert command("").returncode == 0
    assert server.count("refresh") == 1
