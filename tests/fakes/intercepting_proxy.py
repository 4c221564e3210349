"""Somebody in between: a proxy that is every server, with a certificate of its own making."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.certificate import self_signed


@dataclass
class InterceptingProxy:
    """`url` and `ca_file` are what a settings file would name; `requests` is what was read of what was sent, whole.

    say     path -> JSON of the answer, 200; any other path is answered 404
    """

    url: str
    ca_file: str
    say: dict[str, object] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def saw(self, text: str) -> bool:
        """Tell whether a text was sent to anybody."""
        return any(text in one for one in self.requests)


@contextmanager
def intercepting_proxy(folder: Path, *hosts: str) -> Iterator[InterceptingProxy]:
    """Run one that these hosts are reached through."""
    certificate = self_signed(folder, *(f"DNS:{host}" for host in hosts))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    told = InterceptingProxy(f"http://127.0.0.1:{listener.getsockname()[1]}", certificate.ca_file)
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    peer.settimeout(5)
                    _answer(peer, certificate.context, told)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield told
    finally:
        done.set()
        thread.join()
        listener.close()


def _answer(peer: socket.socket, context: ssl.SSLContext, told: InterceptingProxy) -> None:
    _head(peer)  # CONNECT host:443
    peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with context.wrap_socket(peer, server_side=True) as inside:
        head, body = _head(inside)
        length = next((int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")), 0)
        while len(body) < length:
            body += inside.recv(65536)
        told.requests.append(head + body.decode("latin-1"))
        path = head.split(" ")[1].partition("?")[0]
        data = json.dumps(told.say.get(path, {})).encode()
        status = "200 OK" if path in told.say else "404 Not Found"
        inside.sendall(f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)


def _head(peer: socket.socket) -> tuple[str, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        part = peer.recv(65536)
        if not part:
            raise ConnectionError("gone")
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest
