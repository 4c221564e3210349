"""`amika workspace serve|approve|deny` as a person runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agent.workspace.running import DEADLINE, RunningServer, stored_bytes

from amika_agent.clock import SystemClock
from amika_agent.workspace import serve

CLOCK = SystemClock()
AMIKA = [sys.executable, "-m", "amika_cli.main"]


def amika(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*AMIKA, *words], capture_output=True, text=True, timeout=DEADLINE, check=False)


class Foreground:
    """`amika workspace serve` in a process; its first lines of output."""

    def __init__(self, data: Path, *flags: str) -> None:
        self.process = subprocess.Popen(
            [*AMIKA, "workspace", "serve", "--data", str(data), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_address_and_stops_gracefully(tmp_path: Path, number: signal.Signals) -> None:
    data = tmp_path / "data"
    server = Foreground(data, "--json")
    facts: dict[str, Any] = json.loads(server.line())
    assert facts["url"].startswith("http://127.0.0.1:")
    assert facts["data"] == str(data)
    assert facts["key_store"] == "file"
    assert "file" in facts["note"]
    with httpx.Client(follow_redirects=True) as browser:
        assert browser.get(facts["overview"]).status_code == 200
    kept = json.loads((data / "workspace.json").read_text())
    assert (kept["url"], kept["pid"]) == (facts["url"], facts["pid"])
    code, out, err = server.end(number)
    assert (code, out) == (0, "")
    assert "has stopped" in err
    assert not (data / "workspace.json").exists()


def test_for_people_serve_says_where_how_and_what_to_know(tmp_path: Path) -> None:
    server = Foreground(tmp_path / "data")
    lines = [server.line() for _ in range(5)]
    assert [line.split("  ")[0] for line in lines[:4]] == ["Local workspace", "Overview, once", "Data", "Note"]
    assert "Ctrl-C" in lines[4]
    assert server.end(signal.SIGTERM)[0] == 0


def test_every_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        server.sign_in()
        for path in [server.data_dir, *server.data_dir.rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path.name


def test_only_loopback_is_listened_on(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        line = f":{server.port:04X} 00000000:0000 0A"
        tables = "".join(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6"))
        listening = [text.split()[1] for text in tables.splitlines() if line in text]
        assert listening == [f"0100007F:{server.port:04X}"]


def test_a_second_server_on_the_same_data_is_refused_with_a_link_to_the_first(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        done = amika("workspace", "serve", "--data", str(server.data_dir))
        assert done.returncode == 5
        assert f"already: {server.url}" in done.stderr
        link = done.stderr.split()[-1]
        with httpx.Client(follow_redirects=True) as browser:
            assert browser.get(link).status_code == 200
        server.sign_in()


def test_a_port_in_use_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = amika("workspace", "serve", "--data", str(tmp_path / "data"), "--port", port)
    assert done.returncode == 5
    assert f"port {port} is in use" in done.stderr
    assert "--port 0" in done.stderr
    assert not (tmp_path / "data" / "workspace.json").exists()


@pytest.mark.parametrize(
    "flags",
    [
        ["--port", "x"],
        ["--port", "-1"],
        ["--port", "65536"],
        ["--port", "1.5"],
        ["--port", "٣"],
        ["--token-lifetime", "0"],
        ["--interval", "61"],
        ["--data", ""],
        ["--unknown"],
        ["extra"],
    ],
)
def test_a_wrong_flag_is_a_usage_error(flags: list[str]) -> None:
    done = amika("workspace", "serve", *flags)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert done.stdout == ""


def test_without_data_the_local_profile_s_directory_is_used(home: Path) -> None:
    from amika_shared.profile import resolve

    with RunningServer(Path(resolve(os.environ, local=True).workspace_dir)) as server:
        started = server.start_sign_in()
        done = amika("workspace", "approve", started["user_code"])
        assert (done.returncode, done.stdout) == (0, "The sign-in is approved.\n")
        assert server.poll(started).status_code == 200
        assert server.data_dir.is_relative_to(home)


def test_approve_and_deny_from_a_terminal(server: RunningServer) -> None:
    approved, denied = server.start_sign_in(), server.start_sign_in()
    data = ("--data", str(server.data_dir))
    yes = amika("workspace", "approve", approved["user_code"].lower(), *data, "--json")
    assert (yes.returncode, json.loads(yes.stdout)) == (0, {"state": "approved"})
    no = amika("workspace", "deny", denied["user_code"], *data)
    assert (no.returncode, no.stdout) == (0, "The sign-in is denied.\n")
    assert server.poll(approved).status_code == 200
    assert server.poll(denied).json()["error"] == "access_denied"
    for words, code in (
        (["approve", denied["user_code"]], 5),
        (["deny", approved["user_code"]], 5),
        (["approve", "BBBB-BBBB"], 4),
        (["deny", "nonsense"], 4),
    ):
        done = amika("workspace", *words, *data)
        assert done.returncode == code
        assert done.stderr.startswith("amika: ")
    assert amika("workspace", "approve", *data).returncode == 2
    assert amika("workspace", "approve", "BBBB-BBBB", "--data", "/nonexistent").returncode == 5


def test_an_expired_code_is_exit_5(movable: RunningServer) -> None:
    started = movable.start_sign_in()
    movable.shift(601)
    done = amika("workspace", "approve", started["user_code"], "--data", str(movable.data_dir))
    assert done.returncode == 5
    assert "expired" in done.stderr


@pytest.mark.parametrize("command", ["serve", "approve", "deny"])
def test_help_is_given(command: str) -> None:
    done = amika("workspace", command, "--help")
    assert done.returncode == 0
    assert f"usage: amika workspace {command}" in done.stdout


def test_no_value_and_no_token_gets_into_the_log_or_onto_the_disk(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data") as server:
        session = server.sign_in()
        with server.api(session) as api:
            for kind, body in (
                ("", {"name": "A", "value": "canary-generic-value"}),
                ("/claude", {"name": "B", "type": "api_key", "value": "sk-ant-canary-api-key"}),
                ("/codex", {"name": "C", "type": "oauth", "value": '{"tokens": "canary-oauth"}'}),
                ("/codex", {"name": "D", "type": "oauth", "value": "canary-refused"}),
                ("", {"name": ["canary-wrong-type"], "value": "canary-refused-too"}),
            ):
                api.post(f"/secrets{kind}", json=body)
        server.refresh(session["refresh_token"])
        disk = stored_bytes(server.data_dir)
        assert b"canary" not in disk
        assert session["access_token"].encode() not in disk
        log = (server.data_dir / "workspace.log").read_text()
        assert "serving" in log
        assert "approved" in log


def test_the_owner_s_programs_find_nagle_switched_off() -> None:
    """asyncio does it only for sockets that name their protocol; every answer took 40 ms otherwise."""
    with serve._listening(0, 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_stopping_before_the_server_listens_is_not_lost(tmp_path: Path) -> None:
    stopper = serve.Stopper()
    stopper()
    served: list[str] = []
    thread = threading.Thread(
        target=lambda: serve.serve(
            serve.Options(str(tmp_path / "data")), CLOCK, lambda services: served.append(services.url), stopper
        )
    )
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert len(served) == 1
