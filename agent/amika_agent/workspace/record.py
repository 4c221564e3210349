"""The files by which a running workspace is found, and the proofs that go with them.

workspace.json  0600  {"url": "http://127.0.0.1:PORT", "pid": …, "started": epoch seconds, "workspace": id}
workspace.key   0600  32 random bytes in hex; whoever can read it is the owner
workspace.lock        held by the running server; falls with it
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass

from amika_agent.stores.private_file import refuse_symlink, write_private
from amika_local.errors import Failed

RECORD = "workspace.json"
KEY = "workspace.key"
LOCK = "workspace.lock"

CHALLENGE = re.compile(r"[0-9a-f]{32,128}")
_URL = re.compile(r"http://127\.0\.0\.1:([1-9][0-9]{0,4})")
_LARGEST = 64 * 1024


@dataclass(frozen=True)
class Record:
    """What workspace.json says; nothing in it is trusted before the server at `url` has proved itself."""

    url: str
    pid: int
    started: float
    workspace: str

    @property
    def port(self) -> int:
        """The port of `url`."""
        return int(self.url.rpartition(":")[2])


def write_record(data_dir: str, record: Record) -> None:
    """Write workspace.json. Raises Failed."""
    write_private(os.path.join(data_dir, RECORD), json.dumps(asdict(record), indent=2).encode() + b"\n")


def remove_record(data_dir: str) -> None:
    """Remove workspace.json, if it is there."""
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(data_dir, RECORD))


def read_record(data_dir: str) -> Record | None:
    """Return what workspace.json says, or None when it is absent, unreadable or makes no sense."""
    try:
        value = json.loads(_read(os.path.join(data_dir, RECORD)))
        record = Record(str(value["url"]), int(value["pid"]), float(value["started"]), str(value["workspace"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    match = _URL.fullmatch(record.url)
    return record if match and int(match[1]) < 65536 and record.pid > 1 else None


def read_key(data_dir: str) -> bytes | None:
    """Return the key, or None when there is none that only its owner could have read."""
    path = os.path.join(data_dir, KEY)
    try:
        info = os.lstat(path)
        if info.st_mode & 0o077 or info.st_uid != os.geteuid():
            return None
        key = bytes.fromhex(_read(path).decode("ascii"))
    except (OSError, ValueError):
        return None
    return key if len(key) == 32 else None


def ensure_key(data_dir: str) -> bytes:
    """Return the key, making a new one when there is none or others could have read it. Raises Failed."""
    path = os.path.join(data_dir, KEY)
    refuse_symlink(path)
    known = read_key(data_dir)
    if known is not None:
        return known
    key = secrets.token_bytes(32)
    write_private(path, key.hex().encode() + b"\n")
    return key


def check_data_dir(data_dir: str) -> None:
    """Raise Failed when others could put files into the data directory, or it is not ours."""
    info = os.stat(data_dir)
    if info.st_uid != os.geteuid():
        raise Failed(f"{data_dir} belongs to another user", remedy="Choose another directory with --data.")
    if info.st_mode & 0o022:
        raise Failed(f"{data_dir} can be written by other users", remedy=f"Make it yours alone: chmod 700 {data_dir}")


def proof(key: bytes, challenge: str, url: str) -> str:
    """Return what only the owner's server can answer: it binds the challenge to the URL the server listens on."""
    return hmac.new(key, (challenge + url).encode(), hashlib.sha256).hexdigest()


def order_seal(key: bytes, url: str, path: str, body: bytes) -> str:
    """Return the seal of an owner's order (approve, deny, link, stop) to the server at `url`.

    The key differs from that of `proof`, so that no answer to a challenge can ever serve as an order.
    """
    own = hmac.new(key, b"amika workspace orders", hashlib.sha256).digest()
    text = b"\n".join([url.encode(), path.encode(), hashlib.sha256(body).hexdigest().encode()])
    return hmac.new(own, text, hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare two proofs without telling by the time it takes where they differ."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError("too large")
    return data.strip()
