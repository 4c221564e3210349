"""`secret claude list` asks the running agent: the same answer, without loading what talks to servers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.profile import resolve

pytestmark = pytest.mark.process

# the package itself is loaded by name, which the interpreter does not report
HTTPX = "httpx.__version__"
LIST = ("secret", "claude", "list", "--local", "-o", "json")


@pytest.fixture
def signed_in(amika, claude):
    claude()
    assert amika("up", "--local", "--yes", "--once", "--no-tray").code == 0
    yield
    amika("agent", "stop", "--local")
    running = launch.find(resolve(os.environ, local=True).workspace_dir, SystemClock())
    if running is not None:
        launch.stop(running)


def modules() -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "amika_cli.main", *LIST]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.usefixtures("signed_in")
def test_the_answer_is_the_same_and_nothing_that_talks_to_servers_is_loaded(amika) -> None:
    direct = amika(*LIST).json
    assert [secret["name"] for secret in direct] == ["Claude OAuth"]
    assert HTTPX in modules()
    assert amika("agent", "start", "--local").code == 0
    assert amika(*LIST).json == direct
    assert {HTTPX, "ssl", "asyncio"} & modules() == set()


@pytest.mark.usefixtures("signed_in")
def test_an_agent_without_a_session_is_not_believed(amika) -> None:
    assert amika("agent", "start", "--local").code == 0
    assert amika("auth", "logout", "--local").code == 0
    ran = amika(*LIST)
    assert ran.code == 3
    assert "auth login" in ran.err
