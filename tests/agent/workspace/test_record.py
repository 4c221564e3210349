"""The files by which a workspace is found, the owner's proof, and sealed orders."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.agent.workspace.running import RunningServer

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch, record
from amika_local.errors import Failed

CLOCK = SystemClock()


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def write(data: str, url: str) -> None:
    os.makedirs(data, mode=0o700, exist_ok=True)
    record.write_record(data, record.Record(url, os.getpid(), 1.0, "workspace_1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example:80",
        "http://127.0.0.1:80@evil.example",
        "https://127.0.0.1:443",
        "http://127.0.0.1:0",
        "http://127.0.0.1:70000",
        "http://127.0.0.1:80/path",
        "http://127.0.0.2:80",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_record_leads_to_our_own_loopback_address_only(data: str, url: str) -> None:
    write(data, url)
    assert record.read_record(data) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"url": "http://127.0.0.1:80"}',
        '{"url": 1, "pid": "x"}',
        "[" * 9000,
        "\xff",
        "x" * 70_000,
    ],
)
def test_a_broken_record_is_no_record(data: str, text: str) -> None:
    os.makedirs(data)
    Path(data, "workspace.json").write_text(text, encoding="latin-1")
    assert record.read_record(data) is None
    assert launch.find(data, CLOCK) is None


def test_a_key_that_others_could_read_is_not_used_and_is_replaced(data: str) -> None:
    os.makedirs(data, mode=0o700)
    key = record.ensure_key(data)
    assert record.ensure_key(data) == key
    assert os.stat(os.path.join(data, "workspace.key")).st_mode & 0o777 == 0o600
    os.chmod(os.path.join(data, "workspace.key"), 0o644)
    assert record.read_key(data) is None
    assert record.ensure_key(data) != key


def test_a_link_in_place_of_the_key_is_refused(data: str, tmp_path: Path) -> None:
    os.makedirs(data, mode=0o700)
    (tmp_path / "elsewhere").write_text("00" * 32)
    os.chmod(tmp_path / "elsewhere", 0o600)
    os.symlink(tmp_path / "elsewhere", os.path.join(data, "workspace.key"))
    assert record.read_key(data) is None
    with pytest.raises(Failed, match="symbolic link"):
        record.ensure_key(data)


def test_an_answer_to_a_challenge_never_serves_as_an_order() -> None:
    key = b"k" * 32
    url = "http://127.0.0.1:80"
    assert record.proof(key, "a" * 64, url) != record.order_seal(key, url, "a" * 64, b"")


@pytest.mark.parametrize("seal", ["", "0" * 64, "\u00e9", "proof"])
def test_an_order_without_the_owner_s_seal_is_refused(server: RunningServer, seal: str) -> None:
    started = server.start_sign_in()
    challenge = "a" * 64
    if seal == "proof":
        seal = server.http.get("/.well-known/amika-workspace", params={"challenge": challenge}).json()["proof"]
    body = json.dumps({"user_code": started["user_code"], "approve": True})
    for path in ("decide", "link", "stop"):
        answer = server.http.post(
            f"/.well-known/amika-workspace/{path}", content=body, headers={"x-amika-seal": seal.encode()}
        )
        assert answer.status_code == 403
    assert server.poll(started).json()["error"] == "authorization_pending"


def test_a_seal_is_good_for_one_order_to_one_server(server: RunningServer) -> None:
    key = record.read_key(str(server.data_dir))
    assert key is not None
    path = "/.well-known/amika-workspace/decide"
    body = json.dumps({"user_code": "BBBB-BBBB", "approve": True}).encode()
    for url, sealed_path, sealed_body in (
        ("http://127.0.0.1:1", path, body),
        (server.url, path + "x", body),
        (server.url, path, body + b" "),
    ):
        seal = record.order_seal(key, url, sealed_path, sealed_body)
        assert server.http.post(path, content=body, headers={"x-amika-seal": seal}).status_code == 403
    good = record.order_seal(key, server.url, path, body)
    assert server.http.post(path, content=body, headers={"x-amika-seal": good}).status_code == 404


@pytest.mark.parametrize("challenge", ["", "a", "A" * 64, "g" * 64, "a" * 129, "a" * 64 + "\n", "../x"])
def test_a_challenge_must_be_hexadecimal(server: RunningServer, challenge: str) -> None:
    answer = server.http.get("/.well-known/amika-workspace", params={"challenge": challenge})
    assert (answer.status_code, "proof" in answer.json()) == (400, False)
