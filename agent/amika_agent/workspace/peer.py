"""Which user a local connection comes from: loopback is shared by everybody on the machine, the workspace is not."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_SERVER = "127.0.0.1"
_LISTENS = "0A"
_TRIES = 3


def is_foreign(client: tuple[str, int], server_port: int) -> bool:
    """Tell whether the connection from `client` (address and port) belongs to another user (root is no stranger).

    One whose owner has gone already is a stranger's too. False where the system does not say (only Linux lists the
    owners of connections).
    """
    owner = owner_of(client, server_port)
    return owner is not None and owner not in (os.geteuid(), 0)


def owner_of(client: tuple[str, int], server_port: int) -> int | None:
    """Return the uid at the client's end of a connection to 127.0.0.1:`server_port`.

    -1 when that end is closed, be it that the system does not list it any more: a request may outlive who sent it.
    None where the system lists not even our own server.

    Args:
        client: address and port as the server was told them. All of 127/8 is this machine, and a port may be in use
            on each of its addresses.
        server_port: where the server listens.

    """
    ends = {(_listed(client[0], client[1], wide=wide), _listed(_SERVER, server_port, wide=wide)) for wide in (0, 1)}
    server = _listed(_SERVER, server_port, wide=0)
    for _ in range(_TRIES):  # a list that changes while it is read may lack a line
        listens = False
        for local, remote, state, uid, inode in _connections(f":{server_port:04X}"):
            if (local, remote) in ends:
                # an end without an inode has no owner any more and is listed as root's
                return int(uid) if inode != "0" else -1
            listens = listens or (local == server and state == _LISTENS)
        if not listens:
            return None
    return -1


def _listed(host: str, port: int, *, wide: int) -> str:
    """Return an address as the tables have it: words in the processor's order; `wide`: as an IPv6 socket has it."""
    try:
        address = socket.inet_aton(host)
    except OSError:
        return ""
    if wide:
        address = b"\0" * 10 + b"\xff\xff" + address
    words = struct.unpack(f"={len(address) // 4}I", address)
    return "".join(f"{word:08X}" for word in words) + f":{port:04X}"


def _connections(part: str) -> Iterator[tuple[str, str, str, str, str]]:
    for table in _TABLES:
        try:
            with open(table, encoding="ascii") as file:
                for line in file:
                    if part in line:
                        words = line.split()
                        yield words[1], words[2], words[3], words[7], words[9]
        except (OSError, IndexError, ValueError):
            continue
