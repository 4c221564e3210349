"""One agent per profile: the lock, and the record by which clients find it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from amika_agent.stores.private_file import locked, write_private
from amika_local.errors import Busy
from amika_shared import BUILD
from amika_shared.client import boot_id, read_record
from amika_shared.effective import effective

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amika_agent.clock import Clock
    from amika_shared.profile import Profile


class AlreadyRunning(Busy):
    """This profile has an agent."""


@contextlib.contextmanager
def only_one(profile: Profile, clock: Clock) -> Iterator[None]:
    """Hold `agent.lock` while this process is the agent of `profile`.

    Raises:
        AlreadyRunning: another one is; the message names its process.
        Failed: the data folder is not writable.

    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(profile.agent_lock, deadline=0, clock=clock, what="the agent's lock"))
        except Busy:
            pid = (read_record(profile.agent_record) or {}).get("pid")
            who = f" (pid {pid})" if isinstance(pid, int) else ""
            raise AlreadyRunning(
                f"the agent is already running{who}", remedy="`amika agent status` shows it."
            ) from None
        yield


@contextlib.contextmanager
def recorded(profile: Profile, env: Mapping[str, str], started: float) -> Iterator[None]:
    """Keep `agent.json` on disk; only the holder of the lock may call this, after its socket answers.

    Raises:
        Failed: the record cannot be written.

    """
    record = {
        "v": 1,
        "host": os.uname().nodename,
        "boot_id": boot_id(),
        "pid": os.getpid(),
        "socket": profile.socket,
        "build": BUILD,
        "paths": effective(profile, env),
        "started": started,
    }
    write_private(profile.agent_record, json.dumps(record, indent=2).encode() + b"\n")
    try:
        yield
    finally:
        _remove_own(profile.agent_record)


def _remove_own(path: str) -> None:
    record: dict[str, Any] = read_record(path) or {}
    if record.get("pid") == os.getpid():
        with contextlib.suppress(OSError):
            os.unlink(path)
