"""Leaving the starter behind: its own session, no standard streams, and one message about how the start went."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from amika_agent.stores.private_file import refuse_other
from amika_local.errors import Failed

_LONGEST = 64 * 1024


def detach(crash_log: str) -> Callable[[dict[str, Any]], None]:
    """Continue in a new process of a new session; the old one waits for one message, prints it and exits 0.

    Must be called before any thread runs. What the interpreter itself may write to stderr goes to `crash_log`.
    The returned function sends the message (once; later calls do nothing). If the new process ends without one, the
    old one prints {}.
    """
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        message = _read_all(reading)
        os.write(1, (message or b"{}") + b"\n")
        os._exit(0)
    os.close(reading)
    os.setsid()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(_open_log(crash_log, null), 2)
    return _Teller(writing)


class _Teller:
    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def __call__(self, outcome: dict[str, Any]) -> None:
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.write(descriptor, json.dumps(outcome).encode())
        except BrokenPipeError:
            return  # the starter did not wait; the server runs all the same
        finally:
            os.close(descriptor)


def _open_log(path: str, fallback: int) -> int:
    try:
        refuse_other(path)  # a pipe would be waited for; the log itself, opened next, says what is there
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except (OSError, Failed):
        return fallback


def _read_all(descriptor: int) -> bytes:
    data = b""
    while len(data) < _LONGEST:
        part = os.read(descriptor, 4096)
        if not part:
            break
        data += part
    return data
