"""Many real processes and one session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tests.process.session_child import act
from tests.process.session_crowd import child, crowd, due

pytestmark = pytest.mark.process


def result(process: subprocess.Popen[str]) -> dict:
    out, _ = process.communicate(timeout=60)
    return json.loads(out.splitlines()[-1])


def test_fifty_processes_at_the_moment_of_expiry_renew_once(tmp_path, server):
    due(tmp_path, server)
    results = crowd(tmp_path, server, 50)
    assert [one for one in results if not one["ok"]] == []
    assert len(results) == 50
    assert len({one["token"] for one in results}) == 1
    assert server.count("refresh") == 1


def test_twenty_processes_and_a_slow_server_renew_once(tmp_path, server):
    due(tmp_path, server)
    server.after = lambda step: time.sleep(0.7) if step == "refresh" else None
    assert [one["ok"] for one in crowd(tmp_path, server, 20)] == [True] * 20
    assert server.count("refresh") == 1


@pytest.mark.parametrize("flags", [(), ("--thread",)])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_between_spending_and_storing_waits(tmp_path, server, name, flags):
    """Ctrl-C while the server answers: the new pair is stored first, then the process ends."""
    due(tmp_path, server)
    process = child(tmp_path, server, "fresh", *flags)
    server.after = lambda step: process.send_signal(getattr(signal, name)) if step == "refresh" else None
    process.communicate(timeout=30)
    assert process.returncode != 0
    stored = json.loads((tmp_path / "workos-session.json").read_text())
    assert stored["refresh_token"] == server.model.live()[0].refresh
    assert server.count("refresh") == 1


def test_killed_while_the_server_answers_and_the_next_one_recovers(tmp_path, server):
    due(tmp_path, server)
    process = child(tmp_path, server, "fresh")
    server.after = lambda step: process.kill() if step == "refresh" else None
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    server.after = None
    assert act(str(tmp_path), server.url, "fresh")["ok"]
    stored = json.loads((tmp_path / "workos-session.json").read_text())
    assert stored["refresh_token"] == server.model.live()[0].refresh


def test_the_lock_falls_with_its_holder(tmp_path, server):
    due(tmp_path, server)
    holder = child(tmp_path, server, "fresh")
    killed = threading.Event()
    server.before = lambda step: killed.wait(20) if server.count("refresh") == 1 else None
    end = time.monotonic() + 20
    while not server.count("refresh"):
        assert time.monotonic() < end
        time.sleep(0.02)
    waiting = child(tmp_path, server, "fresh")
    time.sleep(0.5)
    assert waiting.poll() is None, "it must wait for the one that is renewing"
    holder.kill()
    holder.communicate()
    assert result(waiting)["ok"]
    killed.set()


def test_sign_out_during_a_renewal_wins(tmp_path, server):
    due(tmp_path, server)
    server.after = lambda step: time.sleep(1.0) if step == "refresh" else None
    renewing = child(tmp_path, server, "fresh")
    end = time.monotonic() + 20
    while not server.count("refresh"):
        assert time.monotonic() < end
        time.sleep(0.02)
    leaving = child(tmp_path, server, "sign_out")
    assert result(leaving)["ok"]
    result(renewing)
    assert not (tmp_path / "workos-session.json").exists()
    assert server.model.live() == []
    assert act(str(tmp_path), server.url, "fresh")["code"] == 3


def test_a_second_command_joins_the_first_and_both_are_signed_in(home, server):
    """Real commands: the first ends as soon as it is signed in, and the second must not take that for a cancelling."""
    env = {**os.environ, "AMIKA_API_URL": server.url, "AMIKA_WORKOS_URL": server.url, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "amika_cli.main", "auth", "login", "--no-browser"]
    both = []
    for said in ("Ctrl-C cancels", "already under way"):
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        both.append(process)
        assert any(said in line for line in process.stderr)
    server.model.approve("FAKE-0001")
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Signed in to Amika as dev@example.com" in out
    assert server.count("device") == 1


def test_a_command_interrupted_while_waiting_for_approval_ends_with_130(home, tmp_path, server):
    env = {**os.environ, "AMIKA_API_URL": server.url, "AMIKA_WORKOS_URL": server.url, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "amika_cli.main", "auth", "login", "--no-browser"]
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "Ctrl-C cancels" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "interrupted" in err
