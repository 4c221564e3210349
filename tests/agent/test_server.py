"""The agent's socket under everything a peer may do to it; after each, the agent still answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.agent_loop import ServerThread

from amika_agent.server.connection import Connection, Limits
from amika_agent.server.server import bind_private
from amika_local.errors import Failed, NotFound
from amika_shared.protocol import MAX_FRAME, PROTO, encode
from amika_shared.transport import Gone, Line, dial

HELLO = {"proto": list(PROTO), "build": "0.1.0", "paths": {}}


class Handler:
    """Echoes; can fail, stream, and wait until it is cancelled."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.waiting = threading.Event()

    async def __call__(self, op: str, args: dict[str, Any], connection: Connection) -> dict[str, Any]:
        if op == "fail":
            raise NotFound("there is no such thing", remedy="Look again.")
        if op == "crash":
            raise KeyError("sk-fake-never-shown")
        if op in ("wait", "watch"):
            self.waiting.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
        if op == "flood":
            while True:
                await connection.item({"text": "x" * 100_000})
        for number in range(args.get("items", 0)):
            await connection.item({"number": number})
        return {"op": op}


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def path(home: Path) -> str:
    return str(home / ".run" / "amika-desktop" / "agent.sock")


@pytest.fixture
def serve(path: str, handler: Handler) -> Iterator[Callable[..., ServerThread]]:
    servers: list[ServerThread] = []

    def start(**limits: Any) -> ServerThread:
        servers.append(ServerThread(path, HELLO, handler, Limits(**limits)))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def greet(path: str) -> Line:
    line = dial(path, 10)
    line.send({"hello": {"proto": list(PROTO)}})
    assert line.receive()["hello"]["build"] == "0.1.0"
    return line


def ask(line: Line, op: str, **args: Any) -> dict[str, Any]:
    line.send({"op": op, "args": args})
    return line.receive()


def still_answers(path: str) -> None:
    line = greet(path)
    assert ask(line, "echo") == {"v": 1, "end": {"op": "echo"}}
    line.close()


def test_items_then_an_end_and_the_next_request_on_the_same_connection(serve, path: str) -> None:
    serve()
    line = greet(path)
    assert ask(line, "echo", items=2) == {"v": 1, "item": {"number": 0}}
    assert line.receive() == {"v": 1, "item": {"number": 1}}
    assert line.receive() == {"v": 1, "end": {"op": "echo"}}
    assert ask(line, "again")["end"] == {"op": "again"}
    line.close()


def test_two_requests_in_one_write_are_answered_one_after_the_other(serve, path: str) -> None:
    serve()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    sock.sendall(encode({"hello": {"proto": [1, 1]}}) + encode({"op": "one"}) + encode({"op": "two"}))
    received = b""
    while received.count(b"\n") < 3:
        received += sock.recv(65536)
    assert [json.loads(line).get("end") for line in received.splitlines()[1:]] == [{"op": "one"}, {"op": "two"}]
    sock.close()


def test_an_error_for_the_person_arrives_whole_and_an_unexpected_one_without_its_text(
    serve, path: str, request: pytest.FixtureRequest
) -> None:
    serve()
    line = greet(path)
    assert ask(line, "fail")["error"] == {
        "code": "not_found",
        "message": "there is no such thing",
        "remedy": "Look again.",
    }
    line.close()


@pytest.mark.logs_warning
def test_a_crash_costs_one_request(serve, path: str, caplog: pytest.LogCaptureFixture) -> None:
    serve()
    line = greet(path)
    error = ask(line, "crash")["error"]
    assert error["code"] == "internal"
    assert "sk-fake" not in json.dumps(error)
    assert ask(line, "echo")["end"] == {"op": "echo"}
    line.close()


MALFORMED = {
    "not JSON": b"nonsense\n",
    "an empty line": b"\n",
    "an array": b"[]\n",
    "a number": b"1\n",
    "null": b"null\n",
    "no version": b"{}\n",
    "another version": b'{"v":2,"op":"echo"}\n',
    "no op": b'{"v":1}\n',
    "op is a number": b'{"v":1,"op":7}\n',
    "op is null": b'{"v":1,"op":null,"args":{}}\n',
    "args is a list": b'{"v":1,"op":"echo","args":[]}\n',
    "args is null": b'{"v":1,"op":"echo","args":null}\n',
    "not UTF-8": b"\xff\xfe\xfd\n",
    "NUL bytes": b"\x00\x00\x00\n",
    "nested without end": b"[" * 50_000 + b"\n",
    "a hello again": encode({"hello": {"proto": [1, 1]}}),
}


@pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_an_error_frame_and_the_connection_goes_on(serve, path: str, frame: bytes) -> None:
    serve()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(10)
    sock.connect(path)
    sock.sendall(encode({"hello": {"proto": [1, 1]}}) + frame + encode({"op": "echo"}))
    received = b""
    while received.count(b"\n") < 3:
        received += sock.recv(65536)
    _, error, end = (json.loads(line) for line in received.splitlines())
    assert error["error"]["code"] == "protocol"
    assert end["end"] == {"op": "echo"}
    sock.close()


@pytest.mark.parametrize(
    "frame",
    [
        *(frame for name, frame in MALFORMED.items() if name != "a hello again"),
        encode({"op": "echo"}),
        encode({"hello": 1}),
        encode({"hello": {}}),
        encode({"hello": {"proto": [2, 3]}}),
        encode({"hello": {"proto": "1"}}),
    ],
)
def test_a_malformed_hello_is_an_error_frame_and_the_end(serve, path: str, frame: bytes) -> None:
    serve()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(10)
    sock.connect(path)
    sock.sendall(frame)
    received = read_to_the_end(sock)
    assert json.loads(received.splitlines()[1])["error"]["code"] in ("protocol", "other_version")
    still_answers(path)


def test_a_line_without_end_is_refused_and_its_connection_closed(serve, path: str) -> None:
    serve()
    line = greet(path)
    sock = socket.socket(fileno=os.dup(line.fileno()))
    sock.settimeout(10)
    received = b""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may hang up while we still send
        sock.sendall(b"x" * (MAX_FRAME + 200_000))
        received = read_to_the_end(sock)
    assert not received or b"longer than 1 MiB" in received
    sock.close()
    line.close()
    still_answers(path)


@pytest.mark.parametrize("tail", [b"", b'{"v":1,"op":"ec', b'{"v":1,"op":"echo"}'])
def test_a_peer_that_goes_in_the_middle_of_a_frame(serve, path: str, tail: bytes) -> None:
    serve()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    sock.sendall(encode({"hello": {"proto": [1, 1]}}) + tail)
    sock.close()
    still_answers(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(st.one_of(st.binary(max_size=200), st.sampled_from(list(MALFORMED.values()))), max_size=6))
def test_any_bytes_whatsoever(shared_server: str, data: list[bytes]) -> None:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(10)
    sock.connect(shared_server)
    try:
        sock.sendall(b"".join(data))
        sock.shutdown(socket.SHUT_WR)
        read_to_the_end(sock)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before everything was sent
    finally:
        sock.close()
    still_answers(shared_server)


@pytest.fixture
def shared_server(serve, path: str) -> str:
    serve()
    return path


def test_a_mute_peer_is_dropped_and_costs_nobody_anything(serve, path: str) -> None:
    serve(hello=0.2)
    mute = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mute.settimeout(10)
    mute.connect(path)
    still_answers(path)
    read_to_the_end(mute)
    still_answers(path)


def test_a_subscriber_that_does_not_read_is_dropped(serve, path: str, until) -> None:
    serve(write=0.2)
    line = greet(path)
    line.send({"op": "flood"})
    still_answers(path)
    peek = socket.socket(fileno=os.dup(line.fileno()))
    until(lambda: hung_up(peek), "the connection's end")
    peek.close()
    line.close()
    still_answers(path)


def test_hundreds_of_idle_peers_do_not_lock_out_a_new_one(serve, path: str) -> None:
    serve(connections=8)
    idle = [greet(path) for _ in range(40)]
    still_answers(path)
    for line in idle:
        line.close()


def test_those_that_wait_for_an_answer_keep_their_place(serve, path: str, handler: Handler) -> None:
    serve(connections=2)
    busy = greet(path)
    busy.send({"op": "wait"})
    assert handler.waiting.wait(10)
    idle = [greet(path) for _ in range(5)]
    assert not handler.cancelled.is_set()
    still_answers(path)
    for line in (busy, *idle):
        line.close()


@pytest.mark.parametrize("op", ["watch", "wait"])
def test_whoever_waits_long_hears_that_the_agent_lives(serve, path: str, handler: Handler, op: str) -> None:
    serve(beat=0.05 if op == "watch" else 3600.0, working=0.05 if op == "wait" else 3600.0)
    line = greet(path)
    line.send({"op": op})
    for _ in range(3):
        assert line.receive()["beat"] > 1_700_000_000
    line.close()
    assert handler.cancelled.wait(10)


def test_a_peer_that_goes_cancels_what_it_asked_for(serve, path: str, handler: Handler) -> None:
    serve()
    line = greet(path)
    line.send({"op": "wait"})
    assert handler.waiting.wait(10)
    line.close()
    assert handler.cancelled.wait(10)
    still_answers(path)


def test_closing_the_server_ends_everyone_and_removes_the_socket(path: str, handler: Handler) -> None:
    server = ServerThread(path, HELLO, handler)
    line = greet(path)
    line.send({"op": "wait"})
    assert handler.waiting.wait(10)
    server.close()
    with pytest.raises(Gone):
        line.receive()
    line.close()
    assert not os.path.exists(path)


def test_socket_and_folder_are_for_this_user_alone(serve, path: str) -> None:
    serve()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_a_folder_that_others_can_enter_is_closed(serve, path: str) -> None:
    os.makedirs(os.path.dirname(path))
    os.chmod(os.path.dirname(path), 0o755)
    serve()
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_a_folder_that_is_a_link_is_refused(home: Path, path: str) -> None:
    (home / "elsewhere").mkdir()
    os.symlink(home / "elsewhere", os.path.dirname(path))
    with pytest.raises(Failed, match="not a folder"):
        bind_private(path)


def test_a_dead_agents_socket_is_replaced_and_anything_else_is_left_alone(home: Path, path: str, serve) -> None:
    bind_private(path).close()  # the file stays, as after kill -9
    serve()
    still_answers(path)
    other = str(home / ".run" / "amika-desktop" / "other.sock")
    Path(other).write_text("mine")
    with pytest.raises(Failed, match="in the way"):
        bind_private(other)
    assert Path(other).read_text() == "mine"


def test_a_path_longer_than_a_socket_address(home: Path, handler: Handler) -> None:
    folder = home / ".run" / ("x" * 150)
    server = ServerThread(str(folder / "agent.sock"), HELLO, handler)
    still_answers(str(folder / "agent.sock"))
    server.close()
    assert not (folder / "agent.sock").exists()


def read_to_the_end(sock: socket.socket) -> bytes:
    received = b""
    while data := sock.recv(65536):
        received += data
    sock.close()
    return received


def hung_up(sock: socket.socket) -> bool:
    try:
        sock.send(b"\n")
    except OSError:
        return True
    return False
