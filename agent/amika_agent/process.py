"""The agent as a process: start it detached, stop it, see it. For the command line and `amika-agent`."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from amika_agent.clock import Clock, SystemClock
from amika_agent.logs import tail
from amika_agent.stores.private_file import locked, make_private_dir, refuse_other
from amika_local.errors import Busy, Failed
from amika_shared.client import AgentClient, AgentError, reach
from amika_shared.profile import Profile, resolve
from amika_shared.redaction import safe_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_DEADLINE = 5.0
STOP_DEADLINE = 15.0
PATIENCE = 3.0
LINES_OF_LOG = 5


class Started:
    """The running agent: its `pid`, and whether it was `already` there."""

    __slots__ = ("already", "pid")

    def __init__(self, pid: int, *, already: bool) -> None:
        self.pid = pid
        self.already = already


def start(
    *,
    local: bool = False,
    homedir: str | None = None,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] | None = None,
) -> Started:
    """Start the agent in the background and return once it answers.

    program     the start of the command line that `amika-agent` is; by default the one of this installation

    Raises:
        Failed: it did not come up within 5 s; the message ends with the last lines of its log, redacted.

    """
    env = os.environ if env is None else env
    profile = resolve(env, local=local, homedir=homedir)
    found = _reach(profile, env)
    if found is not None:
        return Started(found, already=True)
    words = ["run", "--detach", *(["--local"] if local else []), *(["--homedir", profile.home] if homedir else [])]
    said = _spawn(profile, env, [*(program or own_program()), *words])
    pid = said.get("pid")
    if isinstance(pid, int):
        return Started(pid, already=False)
    # another one was faster: it holds the lock from the beginning, and answers a moment later
    found = _reach_within(profile, env, PATIENCE if said.get("code") == Busy.code else 0.0)
    if found is not None:
        return Started(found, already=True)
    if reach(profile, env=env, any_paths=True).code == "silent":
        raise Failed("an agent runs, and does not answer", remedy="End it and start anew: amika agent restart")
    if isinstance(said.get("error"), str):
        raise Failed(f"the agent did not start: {said['error']}", remedy=str(said.get("remedy", "")))
    lines = "".join(f"\n  {line}" for line in tail(profile.agent_log, LINES_OF_LOG))
    raise Failed(f"the agent did not start{lines}", remedy=f"Its log: {profile.agent_log}")


def stop(
    *,
    local: bool = False,
    homedir: str | None = None,
    env: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    patience: float = PATIENCE,
) -> bool:
    """Stop the agent and return when it is gone; False when none was running.

    One that does not answer within `patience` seconds is ended by signal: all it does is journaled, nothing is lost.

    Raises:
        Failed: it still runs.

    """
    env = os.environ if env is None else env
    clock = clock or SystemClock()
    profile = resolve(env, local=local, homedir=homedir)
    if not _held(profile, clock, 0.0):
        return False
    found = reach(profile, env=env, any_paths=True, timeout=patience)
    asked = found.client is not None and _ask(found.client)
    if asked and not _held(profile, clock, STOP_DEADLINE):
        return True
    for number in (signal.SIGTERM, signal.SIGKILL):
        if found.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(found.pid, number)
        if not _held(profile, clock, patience + 1.0):
            return True
    raise Failed("the agent does not stop", remedy="See `amika agent logs`.")


def status(*, local: bool = False, homedir: str | None = None, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return {"running", "pid", "build", "started", "paths", "usable", "reason"}, or {} when no agent answers.

    usable  False when commands of this environment work without it; `reason` says why
    """
    env = os.environ if env is None else env
    profile = resolve(env, local=local, homedir=homedir)
    found = reach(profile, env=env, timeout=PATIENCE)
    with contextlib.closing(found.client) if found.client else contextlib.nullcontext():
        if not found.hello:
            return {}
        return {
            "running": True,
            "profile": profile.name,
            "pid": found.hello.get("pid"),
            "build": found.hello.get("build"),
            "started": found.hello.get("started"),
            "paths": found.hello.get("paths"),
            "log": profile.agent_log,
            "usable": found.client is not None,
            "reason": found.reason,
        }


def own_program() -> list[str]:
    """Return how a command line of `amika-agent` starts: the bundled executable, or this interpreter."""
    if getattr(sys, "frozen", False):
        name = "amika-agent.exe" if sys.platform == "win32" else "amika-agent"
        return [os.path.join(os.path.dirname(sys.executable), name)]
    # neither the current folder (-P) nor a project's PYTHONPATH (-E) may choose the code
    return [sys.executable, "-E", "-P", "-m", "amika_agent.main"]


def _spawn(profile: Profile, env: Mapping[str, str], command: list[str]) -> dict[str, Any]:
    """Run the agent detached and return what it says of its start; {} when it says nothing in time."""
    make_private_dir(os.path.dirname(profile.agent_log))
    refuse_other(profile.agent_log)
    try:
        done = subprocess.run(  # noqa: S603 -- our own executable; the arguments are ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env=dict(env),
            timeout=START_DEADLINE,
            check=False,
        )
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {}
    except ValueError:
        lines = [safe_line(line) for line in done.stderr.decode(errors="replace").splitlines()]
        return {"error": "\n  ".join(lines[-LINES_OF_LOG:]) or f"exit code {done.returncode}"}
    except OSError as error:
        return {"error": os.strerror(error.errno or 0)}
    return said if isinstance(said, dict) else {}


def _reach(profile: Profile, env: Mapping[str, str]) -> int | None:
    found = reach(profile, env=env, any_paths=True)
    if found.client is None:
        return None
    found.client.close()
    pid = found.hello.get("pid")
    return pid if isinstance(pid, int) else 0


def _reach_within(profile: Profile, env: Mapping[str, str], seconds: float) -> int | None:
    clock = SystemClock()
    end = clock.monotonic() + seconds
    while (found := _reach(profile, env)) is None and clock.monotonic() < end:
        clock.sleep(0.05)
    return found


def _ask(client: AgentClient) -> bool:
    with client:
        try:
            client.call("stop", timeout=5.0)
        except AgentError as error:
            return error.code == "gone"
    return True


def _held(profile: Profile, clock: Clock, deadline: float) -> bool:
    """Tell whether an agent still holds the lock after `deadline` seconds."""
    if not os.path.exists(profile.agent_lock):
        return False
    try:
        with locked(profile.agent_lock, deadline=deadline, clock=clock):
            return False
    except Busy:
        return True
