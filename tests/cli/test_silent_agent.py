"""An agent that runs and does not answer: every command says the same of it, and what helps."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.agent_loop import ServerThread
from tests.fakes.agents import AgentProcess

from amika_agent.server.connection import Connection, Limits
from amika_shared import BUILD
from amika_shared.client import boot_id
from amika_shared.effective import effective
from amika_shared.profile import resolve
from amika_shared.protocol import PROTO

RESTART = "amika agent restart"


@pytest.mark.process
def test_a_stopped_agent_is_neither_gone_nor_to_be_started(amika, home):
    agent = AgentProcess().up()
    os.kill(agent.pid, signal.SIGSTOP)
    try:
        facts = amika("status")
        assert (facts.code, "not running" in facts.out) == (0, False)
        assert f"does not answer; if that stays so: {RESTART}" in facts.out
        asked = amika("agent", "status")
        assert (asked.code, asked.out) == (5, "")
        assert f"the agent does not answer (pid {agent.pid})" in asked.err
        assert RESTART in asked.err
        told = amika("agent", "status", "--json").json
        assert (told["running"], told["usable"], told["pid"]) == (True, False, agent.pid)
        started = amika("agent", "start")
        assert started.code == 5
        assert "an agent runs, and does not answer" in started.err
        assert RESTART in started.err
    finally:
        os.kill(agent.pid, signal.SIGCONT)
        agent.end()
    assert amika("agent", "status").code == 4


async def never(op: str, _: dict[str, Any], __: Connection) -> dict[str, Any]:
    """Answer nothing: what was asked for hangs."""
    await asyncio.Event().wait()
    return {"op": op}


@pytest.fixture(params=[3600.0, 0.05], ids=["silent", "busy"])
def hanging(home: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An agent that answers the hello and then never; "busy": its heart beats."""
    profile = resolve(os.environ)
    features = ["sync", "status", "pause", "secret_list"]
    hello = {"proto": list(PROTO), "build": BUILD, "paths": effective(profile, os.environ), "features": features}
    server = ServerThread(profile.socket, hello, never, Limits(working=request.param))
    os.makedirs(profile.data_dir, exist_ok=True)
    record = {"host": os.uname().nodename, "boot_id": boot_id(), "pid": os.getpid(), "socket": profile.socket}
    Path(profile.agent_record).write_text(json.dumps(record))
    yield "which is at work" if request.param < 1 else "which does not answer"
    server.close()


def test_whoever_waits_for_the_agent_is_told_so_and_can_stop(hanging: str, home: Path):
    words = [sys.executable, "-m", "amika_cli.main", "sync"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, cwd=home) as command:
        assert command.stderr is not None
        line = command.stderr.readline()
        assert f"Waiting for the agent (pid {os.getpid()}), {hanging}. Ctrl-C stops waiting" in line
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (130, "")
    assert "interrupted" in err


@pytest.mark.parametrize("hanging", [3600.0], indirect=True)
def test_an_agent_that_is_silent_for_too_long_is_given_up(hanging: str, amika):
    asked = amika("secrets", "list")
    assert (asked.code, asked.out) == (5, "")
    assert hanging in asked.err
    assert "amika: the agent does not answer" in asked.err
    assert RESTART in asked.err
