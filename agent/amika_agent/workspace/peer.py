"""Which user a local connection comes from: loopback is shared by everybody on the machine, the workspace is not."""

from __future__ import annotations

import os
from collections.abc import Iterator

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F")  # 127.0.0.1, ::ffff:127.0.0.1


def is_foreign(client_port: int, server_port: int) -> bool:
    """Tell whether the connection from `client_port` belongs to another user (root is nobody's stranger).

    False where the system does not say (only Linux lists the owners of connections).
    """
    owner = owner_of(client_port, server_port)
    return owner is not None and owner not in (os.geteuid(), 0)


def owner_of(client_port: int, server_port: int) -> int | None:
    """Return the uid at the client's end of a loopback connection; -1 when that end was closed already."""
    ends = (f":{client_port:04X}", f":{server_port:04X}")
    for local, remote, uid, inode in _connections(ends[0]):
        if local.endswith(ends[0]) and remote.endswith(ends[1]) and local.removesuffix(ends[0]) in _LOOPBACK:
            # an end without an inode has no owner any more and is listed as root's
            return int(uid) if inode != "0" else -1
    return None


def _connections(part: str) -> Iterator[tuple[str, str, str, str]]:
    for table in _TABLES:
        try:
            with open(table, encoding="ascii") as file:
                for line in file:
                    if part in line:
                        words = line.split()
                        yield words[1], words[2], words[7], words[9]
        except (OSError, IndexError, ValueError):
            continue
