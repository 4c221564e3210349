"""Everything that is not our own user's well-formed request to our own address."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agent.workspace.running import CLIENT, RunningServer, is_root

from amika_agent.workspace import peer

MIB = 1 << 20


def raw(port: int, data: bytes, *, hang_up: bool = False) -> bytes:
    """What the server sends back for these bytes until it closes; `hang_up` tells it that nothing more will come."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "localhost.:{port}",
        "0.0.0.0:{port}",
        "[::1]:{port}",
        "user@127.0.0.1:{port}",
        "",
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/device?user_code=BBBB-BBBB", "/api/v0beta1/secrets", "/.well-known/amika-workspace"]
)
def test_a_name_that_was_rebound_to_loopback_gets_nothing(server: RunningServer, host: str, path: str) -> None:
    answer = server.http.get(path, headers={"Host": host.format(port=server.port)})
    assert answer.status_code == 421
    assert "proof" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}"])
def test_our_own_names_are_served(server: RunningServer, host: str) -> None:
    assert server.http.get("/device", headers={"Host": host.format(port=server.port)}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "http://localhost", "null", "file://", ""]
)
@pytest.mark.parametrize("path", ["/device", "/user_management/authorize/device", "/api/v0beta1/secrets"])
def test_another_website_cannot_post(server: RunningServer, origin: str, path: str) -> None:
    answer = server.http.post(path, data={"client_id": CLIENT}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_preflight_is_not_allowed(server: RunningServer) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = server.http.options("/api/v0beta1/secrets", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "path", ["/", "/device", "/nothing", "/api/v0beta1/secrets", "/sso/jwks/x", "/user_management/x"]
)
def test_every_answer_carries_the_protecting_headers(server: RunningServer, path: str) -> None:
    headers = server.http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/device", "/user_management/authenticate", "/api/v0beta1/secrets"])
@pytest.mark.parametrize("size", [MIB + 1, 3 * MIB, 40 * MIB])
def test_a_body_over_one_mebibyte_is_refused(server: RunningServer, path: str, size: int) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {size}\r\n\r\n".encode()
    body = b"x" * size if size < 16 * MIB else b""
    assert status(raw(server.port, head + body)) == 413
    assert server.http.get("/device").status_code == 200


def test_a_large_body_without_an_announced_length_is_refused_too(server: RunningServer) -> None:
    head = f"POST /device HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert status(raw(server.port, head + chunk * 17 + b"0\r\n\r\n")) == 413


def test_a_body_of_exactly_one_mebibyte_is_read(server: RunningServer) -> None:
    session = server.sign_in()
    empty = json.dumps({"name": "LARGEST", "value": ""})
    body = json.dumps({"name": "LARGEST", "value": "x" * (MIB - len(empty))})
    assert len(body) == MIB
    with server.api(session) as api:
        assert api.post("/secrets", content=body).status_code == 201


GARBAGE: list[bytes] = [
    b"",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64, 128)),
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: \x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /%ff%fe?user_code=%ff HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    b"GET /device?user_code=%00%ff%f0 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    b"POST /device HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: -1\r\n\r\n",
    b"POST /device HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /device HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 100\r\n\r\nhalf",
    b"POST /device HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b'GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nCookie: \xff\xfe=;;; amika_form="\\\r\n\r\n',
]


@pytest.mark.parametrize("data", GARBAGE)
def test_after_any_garbage_the_server_still_answers(server: RunningServer, data: bytes) -> None:
    answer = b""
    with contextlib.suppress(OSError):  # closing the door is an answer too
        answer = raw(server.port, data.replace(b"PORT", str(server.port).encode()), hang_up=True)
    assert not answer or status(answer) < 500
    assert server.http.get("/device").status_code == 200


def test_a_visitor_who_sends_nothing_costs_the_others_nothing(server: RunningServer) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    try:
        assert server.http.get("/device").status_code == 200
    finally:
        for connection in silent:
            connection.close()


HELD_BY_ANOTHER_USER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
held = [socket.socket() for _ in range(300)]
for one in held:
    one.connect(("127.0.0.1", int(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not is_root() or not sys.platform.startswith("linux"), reason="only root can become another user")
def test_another_user_who_holds_connections_does_not_keep_the_owner_out(server: RunningServer) -> None:
    command = [sys.executable, "-S", "-c", HELD_BY_ANOTHER_USER, str(server.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for _ in range(3):
            with httpx.Client() as client:
                assert client.get(f"{server.url}/device").status_code == 200
        holder.communicate("")


AS_ANOTHER_USER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
connection = socket.socket(socket.AF_INET6 if ":" in sys.argv[3] else socket.AF_INET)
connection.settimeout(20)
connection.bind((sys.argv[3], 0))
connection.connect(("::ffff:127.0.0.1" if ":" in sys.argv[3] else "127.0.0.1", int(sys.argv[1])))
connection.sendall(sys.argv[2].encode())
print(connection.recv(65536).split()[1].decode())
"""


@pytest.mark.skipif(not is_root() or not sys.platform.startswith("linux"), reason="only root can become another user")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/device"),
        ("GET", "/.well-known/amika-workspace?challenge=" + "a" * 64),
        ("POST", "/user_management/authorize/device"),
        ("POST", "/user_management/authenticate"),
    ],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.255.1.9", "::ffff:127.0.0.1", "::ffff:127.0.0.2"])
def test_another_user_of_the_machine_is_refused(server: RunningServer, method: str, path: str, address: str) -> None:
    body = "client_id=x" if method == "POST" else ""
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    command = [sys.executable, "-S", "-c", AS_ANOTHER_USER, str(server.port), request, address]
    asked = subprocess.run(command, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "403"


def test_the_owner_of_a_connection_is_known_on_linux(server: RunningServer) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("no other system lists the owners of connections")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        assert peer.owner_of(connection.getsockname(), server.port) == os.geteuid()
        # the same port of another address of this machine is somebody else's
        assert peer.owner_of(("127.0.0.2", connection.getsockname()[1]), server.port) == -1


def test_who_sent_a_request_and_went_is_a_stranger(server: RunningServer) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("no other system lists the owners of connections")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        client = connection.getsockname()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves no line behind
    assert peer.owner_of(client, server.port) == -1
    assert peer.is_foreign(client, server.port)


def test_where_the_system_does_not_list_our_server_nobody_is_a_stranger() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert peer.owner_of(("127.0.0.1", 1), unused.getsockname()[1]) is None
        assert not peer.is_foreign(("127.0.0.1", 1), unused.getsockname()[1])


def test_a_failing_disk_is_said_and_survived(tmp_path: Path) -> None:
    """The file size limit stands in for a full disk: SQLite's writes fail, the process goes on."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))

    with RunningServer(tmp_path / "data", preexec_fn=limit) as server:
        session = server.sign_in()
        with server.api(session) as api:
            answers = [api.post("/secrets", json={"name": f"N{n}", "value": "x" * 200_000}) for n in range(5)]
            failed: list[httpx.Response] = [answer for answer in answers if answer.status_code != 201]
            assert failed
            assert {(answer.status_code, answer.json()["code"]) for answer in failed} == {(503, "storage_failed")}
            kept: list[dict[str, Any]] = api.get("/secrets").json()
            assert [secret["name"] for secret in kept] == [a.json()["name"] for a in answers if a.status_code == 201]
