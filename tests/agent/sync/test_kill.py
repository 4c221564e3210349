"""kill -9 at each request of a replacement; a new process finishes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.agent.sync.test_faults import STEPS
from tests.agent.sync.world import claude, names, never_none, token_of
from tests.fakes.discoveries import discovery

pytestmark = pytest.mark.process


def killed_at(server, folder, value, *, method, skip, fault):
    """Start a child, kill it as soon as the request has arrived at the server."""
    server.faults.add(fault, method=method, path="/secrets/claude", skip=skip)
    struck = len([r for r in server.requests if r.fault])
    argv = [sys.executable, "-m", "tests.agent.sync.child", str(folder), server.url, value]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()})
    try:
        end = time.monotonic() + 30
        while len([r for r in server.requests if r.fault]) == struck and time.monotonic() < end:
            assert child.poll() is None, "the child ended before it was killed"
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        out, _ = child.communicate(timeout=30)
    assert out == b""
    return child.returncode


@pytest.mark.parametrize("fault", ["delay", "slow"], ids=["before the server acts", "after the server acted"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_one_step(new_machine, server, tmp_path, step, fault):
    first = new_machine()
    first.remote.run(discovery(claude("one")))
    first.close()
    method, skip = STEPS[step]
    assert killed_at(server, tmp_path / "laptop", "two", method=method, skip=skip, fault=fault) == -signal.SIGKILL
    server.faults.release()
    second = new_machine()
    assert len(second.db.pending(second.key)) == 1
    second.comes_to_rest()
    assert never_none(server)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"


def test_killed_again_and_again(new_machine, server, tmp_path):
    first = new_machine()
    first.remote.run(discovery(claude("one")))
    first.close()
    for number, (method, skip) in enumerate([*STEPS.values()]):
        killed_at(server, tmp_path / "laptop", f"value-{number}", method=method, skip=min(skip, 0), fault="slow")
        server.faults.clear()
    server.faults.release()
    second = new_machine()
    second.comes_to_rest("last")
    assert never_none(server)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "last"


def test_two_processes_push_at_once_and_one_waits_for_the_other(new_machine, server, tmp_path):
    first = new_machine()
    first.remote.run(discovery(claude("one")))
    argv = [sys.executable, "-m", "tests.agent.sync.child", str(tmp_path / "laptop"), server.url]
    env = {**os.environ, "PYTHONPATH": os.getcwd()}
    children = [subprocess.Popen([*argv, f"child-{n}"], stdout=subprocess.PIPE, env=env) for n in range(4)]
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert (out, child.returncode) == (b"replaced\n", 0)
    assert never_none(server)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server).startswith("child-")
    assert first.db.pending(first.key) == []
