"""How a client finds the agent, and why it sometimes does not: against the agent's real server."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.agent_loop import ServerThread

from amika_agent.server.connection import Connection, Limits
from amika_local.errors import Failed
from amika_shared import BUILD
from amika_shared.client import BUSY_BEATS, SILENT_FOR, AgentClient, AgentError, boot_id, reach
from amika_shared.effective import effective
from amika_shared.profile import Profile, resolve
from amika_shared.protocol import PROTO, encode


async def answer(op: str, args: dict[str, Any], connection: Connection) -> dict[str, Any]:
    if op == "fail":
        raise Failed("the server said no", remedy="Try again.")
    if op == "hang":
        await asyncio.Event().wait()
    if op == "busy":
        for _ in range(2 * BUSY_BEATS):
            await connection.send({"beat": 1.0})
        return {"op": op}
    for number in range(3):
        await connection.item({"number": number})
        await connection.send({"beat": 1.0})
    return {"op": op, "args": args}


@pytest.fixture
def profile(home: Path) -> Profile:
    return resolve(os.environ)


@pytest.fixture
def serve(profile: Profile) -> Iterator[Callable[..., ServerThread]]:
    servers: list[ServerThread] = []

    def start(**changes: Any) -> ServerThread:
        hello = {"proto": list(PROTO), "build": BUILD, "paths": effective(profile, os.environ), **changes}
        servers.append(ServerThread(profile.socket, hello, answer, Limits(working=3600.0)))
        write_record(profile)
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def write_record(profile: Profile, **changes: Any) -> None:
    record = {"host": os.uname().nodename, "boot_id": boot_id(), "pid": os.getpid(), "socket": profile.socket}
    os.makedirs(profile.data_dir, exist_ok=True)
    Path(profile.agent_record).write_text(json.dumps({**record, **changes}))


def test_a_call_returns_the_end_and_a_stream_its_items_first(serve, profile: Profile) -> None:
    serve()
    with AgentClient.connect(profile) as client:
        assert client.call("status", {"a": 1}) == {"op": "status", "args": {"a": 1}}
        assert list(client.stream("watch")) == [{"number": 0}, {"number": 1}, {"number": 2}]
        assert client.hello["build"] == BUILD


def test_an_error_of_the_agent_is_raised_with_its_code(serve, profile: Profile) -> None:
    serve()
    with AgentClient.connect(profile) as client:
        with pytest.raises(AgentError) as caught:
            client.call("fail")
        assert (caught.value.code, caught.value.message, caught.value.remedy) == (
            "failed",
            "the server said no",
            "Try again.",
        )
        assert client.call("status")["op"] == "status"


def test_whoever_waits_for_a_busy_agent_is_told_once(serve, profile: Profile) -> None:
    serve()
    told: list[str] = []
    with AgentClient.connect(profile) as client:
        client.waiting = told.append
        assert client.call("busy")["op"] == "busy"
        assert told == ["busy"]
        assert list(client.stream("busy")) == []  # whoever follows something is not waiting for an answer
        assert told == ["busy"]


def test_a_silence_is_told_and_ends_but_a_beat_breaks_it(serve, profile: Profile) -> None:
    serve()
    told: list[str] = []
    with AgentClient.connect(profile) as client:
        client.waiting = told.append
        with pytest.raises(AgentError) as caught:
            client.call("hang", timeout=SILENT_FOR + 0.1)
    assert told == ["silent"]
    assert (caught.value.code, caught.value.message) == ("gone", "the agent does not answer")


def test_no_record_means_no_agent(profile: Profile) -> None:
    assert AgentClient.connect(profile) is None
    assert reach(profile).code == "not_running"


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", "{}", "null", '{"host": 1}', "[" * 100_000, "\xff", '{"socket": "relative"}']
)
def test_a_damaged_record_means_no_agent(profile: Profile, content: str) -> None:
    os.makedirs(profile.data_dir)
    Path(profile.agent_record).write_text(content, encoding="latin-1")
    assert reach(profile).client is None


def test_a_record_that_is_a_link_or_a_fifo_is_not_followed(profile: Profile, home: Path) -> None:
    os.makedirs(profile.data_dir)
    os.mkfifo(profile.agent_record)
    assert reach(profile).code == "not_running"
    os.unlink(profile.agent_record)
    (home / "other.json").write_text("{}")
    os.symlink(home / "other.json", profile.agent_record)
    assert reach(profile).code == "not_running"


def test_a_record_of_another_machine_or_of_an_earlier_boot(serve, profile: Profile) -> None:
    serve()
    write_record(profile, host="another-host")
    assert reach(profile).code == "elsewhere"
    write_record(profile, boot_id="00000000-0000-0000-0000-000000000000")
    assert reach(profile).code == "not_running"


def test_a_dead_agents_record_and_socket(profile: Profile) -> None:
    os.makedirs(profile.runtime_dir)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(profile.socket)
    sock.close()
    write_record(profile)
    assert reach(profile).code == "not_running"


def test_another_version_another_build_and_other_paths_each_have_their_reason(profile: Profile) -> None:
    ours = effective(profile, os.environ)
    for changes, code, reason in [
        ({"proto": [7, 9]}, "other_version", "speaks another version"),
        ({"build": "9.9.9"}, "other_version", "of another build"),
        ({"paths": {**ours, "CODEX_HOME": "/elsewhere"}}, "other_paths", "another CODEX_HOME"),
        ({"paths": None}, "other_paths", "another paths"),
    ]:
        hello = {"proto": list(PROTO), "build": BUILD, "paths": ours, **changes}
        server = ServerThread(profile.socket, hello, answer)
        write_record(profile)
        found = reach(profile)
        server.close()
        assert found.client is None
        assert found.code == code
        assert reason in found.reason
        assert found.pid == os.getpid()


def test_a_shell_with_another_server_does_not_use_the_agent_but_may_stop_it(serve, profile: Profile) -> None:
    serve()
    elsewhere = {**os.environ, "AMIKA_API_URL": "https://elsewhere.invalid"}
    assert reach(profile, env=elsewhere).code == "other_paths"
    found = reach(profile, env=elsewhere, any_paths=True)
    assert found.client is not None
    found.client.close()


def test_an_agent_that_does_not_answer_is_left_after_a_moment(profile: Profile) -> None:
    os.makedirs(profile.runtime_dir)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(profile.socket)
    sock.listen()
    write_record(profile)
    found = reach(profile, timeout=0.05)
    assert (found.code, found.pid) == ("silent", os.getpid())
    sock.close()


@pytest.mark.parametrize("said", [b"", b"nonsense\n", encode({"end": {}}), encode({"hello": 1}), b"x" * 2_000_000])
def test_what_is_no_agent_is_told_apart(profile: Profile, said: bytes) -> None:
    os.makedirs(profile.runtime_dir)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(profile.socket)
    sock.listen()
    write_record(profile)

    def speak() -> None:
        peer, _ = sock.accept()
        try:
            peer.recv(65536)
            peer.sendall(said)
        except OSError:
            pass
        finally:
            peer.close()

    thread = threading.Thread(target=speak)
    thread.start()
    found = reach(profile, timeout=5)
    thread.join()
    sock.close()
    assert found.client is None
    assert found.code == "silent"


def test_an_agent_that_goes_during_a_request_is_an_error_not_a_hang(serve, profile: Profile) -> None:
    server = serve()
    client = AgentClient.connect(profile)
    assert client is not None
    server.close()
    with pytest.raises(AgentError) as caught:
        client.call("status")
    assert caught.value.code == "gone"
    client.close()
    client.close()


def test_a_command_that_starts_loads_no_heavy_module_for_the_client() -> None:
    code = "import sys, amika_shared.client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert not loaded & {"typing", "dataclasses", "socket", "asyncio", "argparse", "platformdirs", "pathlib", "inspect"}
