"""The agent as a process: one instance, clean and unclean ends, starting and stopping it from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.agents import AgentProcess

from amika_agent import process
from amika_agent.module_process import module_command
from amika_local.errors import Failed
from amika_shared.client import reach
from amika_shared.profile import resolve

pytestmark = pytest.mark.process


@pytest.fixture
def agents() -> Iterator[Callable[..., AgentProcess]]:
    started: list[AgentProcess] = []

    def start(*words: str, **options: bool) -> AgentProcess:
        started.append(AgentProcess(*words, **options))
        return started[-1]

    yield start
    for agent in started:
        agent.end(signal.SIGKILL)


@pytest.fixture
def stopped() -> Iterator[None]:
    yield
    process.stop()


def test_the_record_is_there_while_it_runs_and_gone_after_a_clean_end(agents) -> None:
    agent = agents().up()
    record = json.loads(Path(agent.profile.agent_record).read_text())
    assert record["pid"] == agent.pid
    assert record["socket"] == agent.profile.socket
    assert {"host", "boot_id", "build", "paths", "started"} <= set(record)
    assert stat.S_IMODE(os.stat(agent.profile.agent_record).st_mode) == 0o600
    assert agent.end(signal.SIGTERM) == 0
    assert not os.path.exists(agent.profile.agent_record)
    assert not os.path.exists(agent.profile.socket)
    assert "stopped" in agent.log()


def test_ctrl_c_is_a_clean_end_and_a_closed_terminal_is_none(agents) -> None:
    agent = agents().up()
    agent.process.send_signal(signal.SIGHUP)
    assert agent.ask("status")["profile"] == "default"
    assert agent.end(signal.SIGINT) == 0


def test_a_second_agent_says_who_runs_and_leaves_it_alone(agents) -> None:
    first = agents().up()
    second = agents()
    text = second.said()
    assert second.process.returncode == 0, "what supervises it must not try again and again"
    assert f"already running (pid {first.pid})" in text
    assert first.ask("status")["generation"] >= 1


def test_two_that_start_together_are_one(agents) -> None:
    both = [agents() for _ in range(4)]
    while sum(agent.process.poll() is None for agent in both) > 1:
        for agent in both:
            try:
                agent.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
    (winner,) = (agent for agent in both if agent.process.poll() is None)
    winner.up()
    assert [agent.process.returncode for agent in both if agent is not winner] == [0, 0, 0]


def test_after_kill_9_the_next_one_starts_over_the_stale_socket_and_record(agents) -> None:
    first = agents().up()
    first.end(signal.SIGKILL)
    assert os.path.exists(first.profile.socket)
    assert os.path.exists(first.profile.agent_record)
    assert reach(first.profile).code == "not_running"
    second = agents().up()
    assert second.ask("status")["generation"] >= 1


def test_the_two_profiles_run_side_by_side(agents) -> None:
    default, local = agents().up(), agents(local=True).up()
    assert default.ask("status")["profile"] == "default"
    assert local.ask("status")["profile"] == "local"
    assert local.end() == 0
    assert default.ask("status")["profile"] == "default"


def test_a_folder_that_cannot_be_used_is_said_with_a_remedy(agents, home: Path) -> None:
    (home / ".run" / "amika-desktop").mkdir()
    (home / ".run" / "amika-desktop" / "default").write_text("in the way")
    agent = agents()
    text = agent.said()
    assert agent.process.returncode == 5
    assert "amika-desktop/default" in text
    assert "Traceback" not in text


def test_a_supervised_start_that_failed_is_not_tried_again_every_second(agents, home: Path, monkeypatch) -> None:
    """systemd starts it again a second after its end: a disk that is full now will not be empty then."""
    monkeypatch.setenv("INVOCATION_ID", "0123456789abcdef")
    (home / ".run" / "amika-desktop").mkdir()
    (home / ".run" / "amika-desktop" / "default").write_text("in the way")
    agent = agents()
    line = agent.process.stderr.readline()
    assert "amika-desktop/default" in (line if isinstance(line, str) else line.decode())
    with pytest.raises(subprocess.TimeoutExpired):
        agent.process.wait(1.0)
    assert agent.end(signal.SIGTERM) == -signal.SIGTERM


@pytest.mark.parametrize("words", [["--nonsense"], ["--log-level"], ["--log-level", "loud"], ["start"]])
def test_a_wrong_command_line_is_usage(agents, words: list[str]) -> None:
    agent = agents(*words)
    assert "amika-agent: " in agent.said()
    assert agent.process.returncode == 2


def test_no_core_file_and_no_reading_of_its_memory(agents) -> None:
    agent = agents().up()
    limits = Path(f"/proc/{agent.pid}/limits").read_text()
    (core,) = (line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    if os.geteuid() == 0:
        # a process that may not be dumped belongs to root here, whoever runs it
        assert os.stat(f"/proc/{agent.pid}/mem").st_uid == 0


def test_starting_detached_returns_when_it_answers_and_twice_is_once(home: Path, stopped: None) -> None:
    first = process.start()
    assert not first.already
    profile = resolve(os.environ)
    with reach(profile, timeout=5).client as client:
        assert client.call("status")["profile"] == "default"
    second = process.start()
    assert second.already
    assert second.pid == first.pid
    assert os.getsid(first.pid) == first.pid
    assert os.readlink(f"/proc/{first.pid}/fd/0") == "/dev/null"
    assert os.readlink(f"/proc/{first.pid}/fd/1") == "/dev/null"
    assert os.readlink(f"/proc/{first.pid}/fd/2") == profile.agent_log


def test_several_that_start_it_at_once_all_find_it_running(home: Path, stopped: None) -> None:
    command = [sys.executable, "-m", "amika_cli.main", "agent", "start", "--json"]
    programs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [(*program.communicate(timeout=60), program.returncode) for program in programs]
    assert [code for _, _, code in said] == [0, 0, 0, 0], said
    told = [json.loads(out) for out, _, _ in said]
    assert len({one["pid"] for one in told}) == 1
    assert [one["already"] for one in told].count(False) == 1


def test_the_entry_that_the_tray_runs_ends_at_once_and_leaves_an_agent(home: Path, stopped: None) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "amika_agent.main", "start"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "started (pid" in done.stdout
    assert process.status()["running"]


def test_status_tells_whether_this_shell_may_use_it(home: Path, stopped: None) -> None:
    assert process.status() == {}
    process.start()
    assert process.status()["usable"]
    elsewhere = process.status(env={**os.environ, "CODEX_HOME": str(home / "elsewhere")})
    assert elsewhere["running"]
    assert not elsewhere["usable"]
    assert "CODEX_HOME" in elsewhere["reason"]


def test_stopping_waits_until_it_is_gone_and_none_is_fine(home: Path) -> None:
    assert not process.stop()
    assert not os.path.exists(resolve(os.environ).data_dir)
    process.start()
    assert process.stop()
    assert process.status() == {}
    assert not process.stop()


def test_an_agent_that_hangs_is_ended_all_the_same(home: Path) -> None:
    pid = process.start().pid
    os.kill(pid, signal.SIGSTOP)
    assert process.stop(patience=0.3)
    assert reach(resolve(os.environ)).code == "not_running"
    assert not process.start().already
    assert process.stop()


def test_a_start_that_fails_says_why(home: Path) -> None:
    profile = resolve(os.environ)
    os.makedirs(os.path.dirname(profile.runtime_dir))
    Path(profile.runtime_dir).write_text("in the way")
    with pytest.raises(Failed, match="did not start") as caught:
        process.start()
    assert profile.runtime_dir in caught.value.message
    assert caught.value.remedy


def test_an_agent_that_dies_without_a_word_is_told_by_the_end_of_its_log(home: Path) -> None:
    profile = resolve(os.environ)
    os.makedirs(profile.state_dir)
    Path(profile.agent_log).write_text("one\nkilled with sk-fake-0123456789\n")
    # a program that ends while the agent starts, as of a damaged installation
    crash = home / "crash"
    crash.write_text("#!/bin/sh\necho '{}'\nexit 1\n")
    crash.chmod(0o755)
    with pytest.raises(Failed, match="did not start") as caught:
        process.start(program=[str(crash)])
    assert "killed with ****" in caught.value.message
    assert profile.agent_log in caught.value.remedy


def test_a_hidden_value_in_the_environment_reaches_neither_log_nor_snapshot(agents, monkeypatch, home: Path) -> None:
    canary = "sk-fake-canary-0123456789"
    monkeypatch.setenv("AMIKA_API_KEY", canary)
    (home / ".codex").mkdir()
    (home / ".codex" / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": "sk-fake-codex-0123456789"}))
    (home / ".claude").mkdir()
    (home / ".claude" / ".credentials.json").write_text('{"claudeAiOauth": {"accessToken": "sk-ant-oat01-fake-canary')
    agent = agents("--log-level", "debug").up()
    while not (snapshot := agent.ask("status"))["credentials"]:
        pass
    agent.end()
    shown = json.dumps(snapshot) + agent.log()
    assert "canary" not in shown
    assert "sk-fake-codex" not in shown


def test_another_users_socket_is_not_spoken_to(agents, home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs to act as another user")
    profile = resolve(os.environ)
    os.makedirs(profile.runtime_dir)
    os.makedirs(profile.data_dir)
    code = f"""
import os, socket, time
os.chmod({str(home)!r}, 0o755)
sock = socket.socket(socket.AF_UNIX)
sock.bind({profile.socket!r})
os.setuid(65534)
sock.listen()
print("ready", flush=True)
time.sleep(60)
"""
    squatter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert squatter.stdout is not None
    assert squatter.stdout.readline() == "ready\n"
    record = {"host": os.uname().nodename, "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip()}
    Path(profile.agent_record).write_text(json.dumps({**record, "socket": profile.socket, "pid": squatter.pid}))
    try:
        assert reach(profile, timeout=5).code == "not_ours"
    finally:
        squatter.kill()
        squatter.communicate()


def test_a_client_of_another_user_is_refused(agents, home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs to act as another user")
    agent = agents().up()
    path = agent.profile.socket
    os.chmod(path, 0o666)
    os.chmod(os.path.dirname(path), 0o755)
    code = f"""
import os, socket
folder = os.open({os.path.dirname(path)!r}, os.O_RDONLY)  # so that only the agent itself stands in the way
os.setgid(65534)
os.setuid(65534)
sock = socket.socket(socket.AF_UNIX)
sock.settimeout(10)
sock.connect(f"/proc/self/fd/{{folder}}/agent.sock")
try:
    sock.sendall(b'{{"v":1,"hello":{{"proto":[1,1]}}}}\\n{{"v":1,"op":"status"}}\\n')
    print(len(sock.recv(65536)))
except ConnectionError:
    print(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "0\n"
    assert agent.ask("status")["profile"] == "default"
    agent.end()
    assert "refused a connection of user 65534" in agent.log()


def test_a_runtime_path_longer_than_a_socket_address(agents, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = home / ".run" / ("x" * 120)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    agent = agents().up()
    assert len(agent.profile.socket) > 120
    assert agent.ask("status")["profile"] == "default"
    assert agent.end() == 0
    assert not os.path.exists(agent.profile.socket)


def test_stop_answers_before_it_ends_and_ends_every_watcher(agents) -> None:
    agent = agents().up()
    watcher = agent.client()
    stream = watcher.stream("watch", timeout=20)
    assert next(stream)["profile"] == "default"
    assert agent.ask("stop") == {}
    assert agent.process.wait(20) == 0
    assert len(list(stream)) <= 2
    watcher.close()


def test_a_connection_to_nobody_is_refused(home: Path) -> None:
    profile = resolve(os.environ)
    os.makedirs(profile.runtime_dir)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(profile.socket)
    assert process.status() == {}


def test_a_projects_python_path_chooses_no_code(home: Path, stopped: None) -> None:
    """Many projects set it, and what lies there is named like modules of the standard library, or runs at start."""
    (home / "src").mkdir()
    (home / "src" / "sitecustomize.py").write_text(f"open({str(home / 'ran')!r}, 'w').close()\n")
    assert process.start(env={**os.environ, "PYTHONPATH": str(home / "src")}).pid > 0
    assert not (home / "ran").exists()
    command = module_command("amika_agent.stores.keyring_process")
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(home / "src")}, input=b"", check=False)
    assert not (home / "ran").exists()
