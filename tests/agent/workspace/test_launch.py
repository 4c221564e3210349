from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import httpx
import pytest
from tests.agent.workspace.running import RunningServer, is_root

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch, record
from amika_local.errors import AmikaError, Failed

CLOCK = SystemClock()
WHO = "workspace_0123456789abcdef"


class Squatter:
    """Another program on the port that a record names; remembers every byte it is sent."""

    def __init__(self, answer: Callable[[bytes], bytes] = lambda _: b"") -> None:
        self.received: list[bytes] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, name="squatter")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                self.received.append(request)
                try:
                    connection.sendall(self._answer(request))
                except OSError:
                    continue


def http_answer(body: object) -> bytes:
    data = json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(data), data)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[str]:
    """A data directory; whatever runs on it at the end is stopped."""
    folder = str(tmp_path / "data")
    yield folder
    running = launch.find(folder, CLOCK)
    if running is not None:
        launch.stop(running, CLOCK)


def write(data: str, url: str, pid: int | None = None) -> None:
    os.makedirs(data, mode=0o700, exist_ok=True)
    record.write_record(data, record.Record(url, pid or os.getpid(), 1.0, WHO))


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    child.wait()
    return child.pid


def test_nothing_is_found_where_nothing_runs(data: str) -> None:
    assert launch.find(data, CLOCK) is None
    assert not os.path.exists(data)


def test_ensure_starts_one_and_then_finds_it(data: str) -> None:
    first = launch.ensure(data, CLOCK)
    assert first.started
    second = launch.ensure(data, CLOCK)
    assert (second.url, second.pid, second.started) == (first.url, first.pid, False)
    assert launch.find(data, CLOCK) == second
    launch.stop(first, CLOCK)
    assert launch.find(data, CLOCK) is None
    launch.stop(first, CLOCK)  # stopping what has stopped is no error


def test_callers_at_the_same_moment_start_one_server(data: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: launch.ensure(data, CLOCK), range(4)))
    assert len({running.pid for running in found}) == 1
    assert [running.started for running in found].count(True) == 1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_ensure_starts_is_detached(data: str) -> None:
    running = launch.ensure(data, CLOCK)
    assert os.getsid(running.pid) != os.getsid(0)
    status = Path(f"/proc/{running.pid}/status").read_text()
    assert f"PPid:\t{os.getpid()}\n" not in status
    with open(os.path.join(data, "workspace.log"), encoding="utf-8") as log:
        assert "serving" in log.read()
    assert os.stat(os.path.join(data, "workspace.log")).st_mode & 0o777 == 0o600


def test_after_a_crash_the_next_start_takes_the_same_port_and_data(data: str) -> None:
    first = launch.ensure(data, CLOCK)
    os.kill(first.pid, signal.SIGKILL)
    end = CLOCK.monotonic() + 10
    while launch.find(data, CLOCK) is not None and CLOCK.monotonic() < end:
        CLOCK.sleep(0.01)
    assert os.path.exists(os.path.join(data, "workspace.json"))  # nobody was left to remove it
    again = launch.ensure(data, CLOCK)
    assert again.started
    assert again.url == first.url
    assert again.pid != first.pid


def test_a_taken_port_of_the_last_time_is_given_up(data: str) -> None:
    first = launch.ensure(data, CLOCK)
    launch.stop(first, CLOCK)
    with socket.create_server(("127.0.0.1", int(first.url.rpartition(":")[2]))):
        again = launch.ensure(data, CLOCK)
        assert again.started
        assert again.url != first.url


def rogue_answers() -> list[Callable[[bytes], bytes]]:
    return [
        lambda _: b"",
        lambda _: b"HTTP/1.1 200 OK\r\n\r\n",
        lambda _: b"SSH-2.0-OpenSSH\r\n",
        lambda _: http_answer({}),
        lambda _: http_answer([WHO]),
        lambda _: http_answer({"workspace": WHO, "proof": ""}),
        lambda _: http_answer({"workspace": WHO, "proof": "0" * 64}),
        lambda _: http_answer({"workspace": WHO, "proof": None}),
        lambda r: http_answer({"workspace": WHO, "proof": r.decode().split("challenge=")[1][:64]}),
        lambda _: b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000,
        lambda _: b"HTTP/1.1 301 Moved\r\nLocation: https://evil.example/\r\n\r\n{}",
    ]


@pytest.mark.parametrize("answer", rogue_answers())
def test_another_server_on_the_port_is_not_trusted_and_learns_nothing(
    data: str, answer: Callable[[bytes], bytes]
) -> None:
    with Squatter(answer) as squatter:
        write(data, squatter.url)
        key = record.ensure_key(data)
        assert launch.find(data, CLOCK) is None
        with pytest.raises(Failed):
            launch.decide(data, "BBBB-BBBB", True)
        launch.stop(launch.RunningWorkspace(squatter.url, os.getpid(), data), CLOCK)
    assert len(squatter.received) == 3
    for request in squatter.received:
        assert request.startswith(b"GET /.well-known/amika-workspace?challenge=")
        assert b"authorization" not in request.lower()
        assert b"seal" not in request.lower()
        assert key.hex().encode() not in request


def test_ensure_leaves_a_squatter_alone_and_starts_its_own(data: str) -> None:
    with Squatter(lambda _: http_answer({"workspace": WHO, "proof": "0" * 64})) as squatter:
        write(data, squatter.url)
        running = launch.ensure(data, CLOCK)
        assert running.started
        assert running.url != squatter.url


def test_a_squatter_who_passes_the_challenge_on_to_the_real_server_fails(tmp_path: Path) -> None:
    """The proof binds the URL: what the real server answers does not fit the squatter's port."""
    with RunningServer(tmp_path / "data") as server:
        data = str(server.data_dir)
        real = record.read_record(data)
        assert real is not None

        def relay(request: bytes) -> bytes:
            path = request.split(b" ")[1].decode()
            return http_answer(server.http.get(path).json())

        with Squatter(relay) as squatter:
            record.write_record(data, record.Record(squatter.url, real.pid, real.started, real.workspace))
            assert launch.find(data, CLOCK) is None
            assert len(squatter.received) == 1
            record.write_record(data, real)
            assert launch.find(data, CLOCK) is not None


def test_a_server_that_drips_its_answer_does_not_hold_us_up(data: str) -> None:
    """The deadline is for the whole exchange, not for each byte of it."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        write(data, f"http://127.0.0.1:{listener.getsockname()[1]}")
        record.ensure_key(data)
        assert launch.find(data, CLOCK) is None  # the test's own time limit ends it otherwise
    finally:
        stop.set()
        thread.join()
        listener.close()


def test_a_record_of_a_dead_process_is_not_even_asked_about(data: str) -> None:
    with Squatter() as squatter:
        write(data, squatter.url, dead_pid())
        record.ensure_key(data)
        assert launch.find(data, CLOCK) is None
    assert squatter.received == []


def test_deciding_without_a_server_says_what_to_do(data: str) -> None:
    with pytest.raises(Failed) as caught:
        launch.decide(data, "BBBB-BBBB", True)
    assert "no local workspace runs" in caught.value.message
    assert "amika workspace serve" in caught.value.remedy


def test_a_page_link_opens_the_overview(data: str) -> None:
    launch.ensure(data, CLOCK)
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(launch.page_link(data)).status_code == 200


def test_a_damaged_database_is_named_and_kept(data: str) -> None:
    os.makedirs(data, mode=0o700)
    Path(data, "workspace.db").write_bytes(b"this is no database, but somebody's notes" * 100)
    with pytest.raises(Failed) as caught:
        launch.ensure(data, CLOCK)
    assert "workspace.db" in caught.value.message
    assert "mv " in caught.value.remedy
    assert Path(data, "workspace.db").read_bytes().startswith(b"this is no database")


def test_a_directory_that_others_can_write_to_is_refused(data: str) -> None:
    os.makedirs(data)
    os.chmod(data, 0o777)
    with pytest.raises(Failed) as caught:
        launch.ensure(data, CLOCK)
    assert "written by other users" in caught.value.message
    assert "chmod 700" in caught.value.remedy


def test_a_file_in_place_of_the_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AmikaError) as caught:
        launch.ensure(str(tmp_path / "file" / "data"), CLOCK)
    assert caught.value.exit_code == 5


AS_NOBODY = """
import os, sys
from amika_agent.workspace import serve, launch, detach
from amika_agent.stores import private_file
import amika_agent.workspace.sqlite_storage
from amika_agent.clock import SystemClock
from amika_local.errors import AmikaError
os.setgid(65534); os.setuid(65534)
try:
    serve.serve(serve.Options(sys.argv[1]), SystemClock(), print)
except AmikaError as error:
    print(error.exit_code, error.message, "|", error.remedy)
"""


@pytest.mark.skipif(not is_root(), reason="root ignores mode bits and must become somebody else")
def test_a_directory_that_cannot_be_written_is_said() -> None:
    # pytest's own folders are closed to the other user
    with tempfile.TemporaryDirectory() as theirs:
        os.chmod(theirs, 0o755)
        for folder, reason in ((theirs, "another user"), (os.path.join(theirs, "below"), "Permission denied")):
            command = [sys.executable, "-c", AS_NOBODY, folder]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert done.stdout.startswith("5 ")
            assert reason in done.stdout


def test_a_pipe_in_place_of_the_log_is_said_and_nobody_waits_for_it(data: str) -> None:
    os.mkdir(data, 0o700)
    os.mkfifo(os.path.join(data, "workspace.log"))
    with pytest.raises(Failed, match=r"workspace\.log is not a regular file"):
        launch.ensure(data, CLOCK)
    assert launch.find(data, CLOCK) is None
