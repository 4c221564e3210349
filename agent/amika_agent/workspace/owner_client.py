"""The owner's side of the proof and the orders: one small HTTP exchange with a deadline for the whole of it."""

from __future__ import annotations

import json
import secrets
import socket
from typing import Any

from amika_agent.clock import Clock
from amika_agent.workspace.owner_paths import PROOF, SEAL_HEADER
from amika_agent.workspace.record import Record, order_seal, proof, same

DEADLINE = 2.0

_LARGEST = 64 * 1024


def is_ours(record: Record, key: bytes, clock: Clock) -> bool:
    """Tell whether the server at `record.url` knows the owner's key. A stranger learns a random number."""
    challenge = secrets.token_hex(32)
    answer = _exchange(record, "GET", f"{PROOF}?challenge={challenge}", b"", "", clock)
    if answer is None or answer[0] != 200:
        return False
    body = answer[1]
    expected = proof(key, challenge, record.url)
    return same(str(body.get("proof", "")), expected) and body.get("workspace") == record.workspace


def order(
    record: Record, key: bytes, path: str, fields: dict[str, Any], clock: Clock
) -> tuple[int, dict[str, Any]] | None:
    """Give a sealed order; return status and JSON, or None without a usable answer."""
    body = json.dumps(fields).encode()
    return _exchange(record, "POST", path, body, order_seal(key, record.url, path, body), clock)


def _exchange(
    record: Record, method: str, target: str, body: bytes, seal: str, clock: Clock
) -> tuple[int, dict[str, Any]] | None:
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{record.port}", "Connection: close"]
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", f"{SEAL_HEADER}: {seal}"]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    end = clock.monotonic() + DEADLINE
    try:
        with socket.create_connection(("127.0.0.1", record.port), timeout=DEADLINE) as connection:
            connection.sendall(request)
            return _parsed(_read(connection, end, clock))
    except (OSError, ValueError, RecursionError):
        return None


def _read(connection: socket.socket, end: float, clock: Clock) -> bytes:
    data = b""
    while len(data) <= _LARGEST:
        left = end - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(16 * 1024)
        if not part:
            break
        data += part
    return data


def _parsed(answer: bytes) -> tuple[int, dict[str, Any]]:
    head, found, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    value = json.loads(body) if found else None
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not isinstance(value, dict):
        raise ValueError
    return int(words[1]), value
