"""An agent that runs and does not answer: every command says the same of it, and what helps."""

from __future__ import annotations

import os
import signal

import pytest
from tests.fakes.agents import AgentProcess

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
