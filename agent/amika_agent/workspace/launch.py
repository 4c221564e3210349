"""Finding, starting and stopping the local workspace; nothing here trusts a server that cannot prove itself."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

from amika_agent.clock import Clock, SystemClock
from amika_agent.module_process import module_command
from amika_agent.stores.private_file import locked, make_private_dir
from amika_agent.workspace.owner_client import is_ours, order
from amika_agent.workspace.owner_paths import DECIDE, LINK, STOP
from amika_agent.workspace.record import LOCK, Record, read_key, read_record
from amika_local.errors import Busy, Conflict, Failed, NotFound

_START = 30.0
_STOP = 10.0
_STEP = 0.05


@dataclass(frozen=True)
class RunningWorkspace:
    """A local workspace that proved, with the key in `data_dir`, that it is ours.

    url      http://127.0.0.1:PORT
    pid      its process
    data_dir where its data and its key lie
    started  True when this call started it
    """

    url: str
    pid: int
    data_dir: str
    started: bool = False


def find(data_dir: str, clock: Clock) -> RunningWorkspace | None:
    """Return the workspace of `data_dir` if one runs and proves itself, else None. Takes at most 4 s."""
    found = _proven(data_dir, clock)
    return RunningWorkspace(found[0].url, found[0].pid, data_dir) if found else None


def ensure(data_dir: str, clock: Clock, *, while_used: bool = False) -> RunningWorkspace:
    """Return the running workspace of `data_dir`, starting one (detached) when there is none.

    One that is started `while_used` ends by itself within a minute after its last user, see `in_use.Use`.

    Raises:
        Failed: the directory cannot be used, or the server did not come up; the message says why.

    """
    running = find(data_dir, clock)
    if running is not None:
        return running
    make_private_dir(data_dir)
    # two callers at the same moment start one server
    with locked(
        os.path.join(data_dir, "launch.lock"), deadline=_START, clock=clock, what="the local workspace's start"
    ):
        running = find(data_dir, clock)
        if running is not None:
            return running
        outcome = _start(data_dir, ("--while-used",) if while_used else ())
        busy = outcome.get("code") == Busy.code
        if "url" not in outcome and not busy:
            raise _not_started(data_dir, outcome)
        running = _wait_for(data_dir, clock, 5.0 if busy else 1.0)
        if running is None:
            raise _not_started(data_dir, outcome)
        return RunningWorkspace(running.url, running.pid, data_dir, started=not busy)


def decide(data_dir: str, code: str, approve: bool, clock: Clock | None = None) -> None:  # noqa: FBT001 -- a decision
    """Approve or deny the sign-in that shows `code` (as typed: case, spaces and dash do not matter).

    Raises:
        NotFound: no such code.
        Failed: it has expired, was decided otherwise or used already; or no workspace is running.

    """
    clock = clock or SystemClock()
    status, answer = _ordered(data_dir, DECIDE, {"user_code": code, "approve": approve}, clock)
    if status == 200:
        return
    if status == 404:
        raise NotFound("no sign-in shows this code", remedy="Compare it with the one the program shows.")
    if status == 410:
        raise Failed("the code has expired", remedy="Start the sign-in again; it shows a new code.")
    if status == 409:
        raise Conflict(str(answer.get("message", "the sign-in was decided already")).rstrip("."))
    raise Failed("the local workspace could not do that", remedy=f"Its log says more: {_log(data_dir)}")


def page_link(data_dir: str, clock: Clock | None = None) -> str:
    """Return a link that opens the overview in a browser, once.

    Raises:
        Failed: no workspace is running, or it gave no link.

    """
    status, answer = _ordered(data_dir, LINK, {}, clock or SystemClock())
    if status != 200 or not isinstance(answer.get("url"), str):
        raise Failed("the local workspace gave no link", remedy=f"Its log says more: {_log(data_dir)}")
    return str(answer["url"])


def stop(running: RunningWorkspace, clock: Clock | None = None) -> None:
    """End the workspace and return when it is gone (at most 10 s); a stranger on its port is left alone.

    Raises:
        Failed: it does not end; the message names the process.

    """
    clock = clock or SystemClock()
    found = _proven(running.data_dir, clock)
    if found is None or found[0].url != running.url:
        return
    order(found[0], found[1], STOP, {}, clock)
    try:
        # the lock falls with the process: a pid could be somebody else's by then
        with locked(os.path.join(running.data_dir, LOCK), deadline=_STOP, clock=clock):
            return
    except Busy:
        raise Failed("the local workspace does not stop", remedy=f"End its process: kill {found[0].pid}") from None


def _proven(data_dir: str, clock: Clock) -> tuple[Record, bytes] | None:
    record, key = read_record(data_dir), read_key(data_dir)
    if record is None or key is None or not is_alive(record.pid) or not is_ours(record, key, clock):
        return None
    return record, key


def is_alive(pid: int) -> bool:
    """Tell whether a process of this user's has that number."""
    try:
        os.kill(pid, 0)
    except OSError:  # gone, or another user's: not the one that wrote the record
        return False
    return True


def _ordered(data_dir: str, path: str, fields: dict[str, Any], clock: Clock) -> tuple[int, dict[str, Any]]:
    found = _proven(data_dir, clock)
    if found is None:
        raise Failed(
            f"no local workspace runs on {data_dir}",
            remedy="Name the directory of the one that runs with --data, or start one: `amika workspace serve`.",
        )
    answer = order(*found, path, fields, clock)
    if answer is None:
        raise Failed("the local workspace did not answer", remedy=f"Its log says more: {_log(data_dir)}")
    return answer


def _start(data_dir: str, flags: tuple[str, ...]) -> dict[str, Any]:
    command = module_command("amika_agent.workspace", "--data", data_dir, "--detach", *flags)
    try:
        done = subprocess.run(  # noqa: S603 -- our own module
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_START, check=False, cwd="/"
        )
        outcome = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"message": f"it did not come up within {_START:.0f} seconds"}
    except (OSError, ValueError):
        return {}
    return outcome if isinstance(outcome, dict) else {}


def _wait_for(data_dir: str, clock: Clock, seconds: float) -> RunningWorkspace | None:
    end = clock.monotonic() + seconds
    while True:
        running = find(data_dir, clock)
        if running is not None or clock.monotonic() >= end:
            return running
        clock.sleep(_STEP)


def _not_started(data_dir: str, outcome: dict[str, Any]) -> Failed:
    why = outcome.get("message")
    remedy = outcome.get("remedy") or f"Its log says more: {_log(data_dir)}"
    return Failed(f"the local workspace did not start{f': {why}' if why else ''}", remedy=str(remedy))


def _log(data_dir: str) -> str:
    return os.path.join(data_dir, "workspace.log")
