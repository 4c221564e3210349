"""A private JSON file that knows when it was damaged: `check` in it is the hash of all the rest.

A truncated or edited file is found out and named, and never written over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from amika_agent.stores.private_file import write_private
from amika_local.errors import Failed

MAX_FILE = 64 << 20


def load(path: str, what: str, version: int) -> dict[str, Any] | None:
    """Return the content without "v" and "check", or None when there is no file.

    Args:
        path: the file.
        what: how a person calls it: "the vault".
        version: newest version that is understood.

    Raises:
        Failed: unreadable, truncated, edited, or of a newer version. The file is left as it is.

    """
    try:
        # O_NONBLOCK: a FIFO in its place must not hold us up
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            data = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        denied = isinstance(error, PermissionError)  # what it holds is most likely well: never away with it
        raise Failed(
            f"cannot read {what} {path}: {os.strerror(error.errno or 0)}",
            remedy=f"Make it and its folders readable for your user: chmod u+r {path}"
            if denied
            else f"Move it away to begin anew: mv {path} {path}.old",
        ) from None
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged(path, what, "is cut short or no JSON") from None
    if not isinstance(body, dict):
        raise damaged(path, what, "cannot be understood")
    if isinstance(body.get("v"), int) and body["v"] > version:
        raise Failed(f"{what} {path} was written by a newer version", remedy="Update this program.")
    if body.pop("check", "") != _check(body):
        raise damaged(path, what, "was changed by another program or by hand")
    body.pop("v", None)
    return body


def save(path: str, content: Mapping[str, Any], version: int) -> None:
    """Replace the file.

    Raises:
        Failed: it cannot be written; the old one is unchanged.

    """
    body = {"v": version, **content}
    write_private(path, json.dumps({**body, "check": _check(body)}, indent=1).encode() + b"\n")


def damaged(path: str, what: str, how: str) -> Failed:
    """Return the error that names a damaged file and what helps."""
    return Failed(
        f"{what} {path} {how}; it was left as it is",
        remedy=f"Put a copy of it back, or move it away and begin anew: mv {path} {path}.old",
    )


def _check(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
