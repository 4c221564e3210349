"""Talks to the running agent; blocking, and with few imports because commands use it while they start.

A client finds the agent only through `agent.json`. It then checks that the record is of this machine and boot, that
the server runs as this user, that both speak a common version and that both have the same effective paths.
Whatever fails there is no error: the work is done in-process, and `Reached.reason` says why.
"""

from __future__ import annotations

import json
import os
import stat

from amika_shared import BUILD
from amika_shared.effective import difference, effective
from amika_shared.protocol import PROTO, overlap
from amika_shared.transport import Gone, Line, Silent, dial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from typing import Any, Self

    from amika_shared.profile import Profile

HELLO_TIMEOUT = 0.3
BEAT_TIMEOUT = 150.0
"""Longest silence, seconds, while something is waited for that may happen: the agent's heartbeat comes every 60 s."""
ANSWER_TIMEOUT = 20.0
"""Longest silence, seconds, while an answer is worked on: the agent's heartbeat comes every 2 s then."""
SILENT_FOR = 5.0
"""Seconds of silence after which whoever waits for an answer is told so."""
BUSY_BEATS = 3
"""Heartbeats after which whoever waits for an answer is told that it is worked on."""
_RESTART = "See `amika agent status`; `amika agent restart` starts it again."


class AgentError(Exception):
    """The agent answered with an error, or stopped answering.

    code     stable word of the protocol: "usage", "not_signed_in", "not_found", "failed", "unreachable", "conflict",
             "busy", "internal", "protocol", "unknown_op", "gone" (the connection ended)
    message  for the person; remedy  the next step, or ""
    """

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class Reached:
    """What `reach` found: a connected `client`, or None with the reason.

    code    "" when connected; else "not_running", "silent", "not_ours", "elsewhere", "other_version", "other_paths"
    reason  one sentence for the person; "" when connected
    hello   the agent's hello, when it sent one
    pid     the process that listens, as the system says, whether it answers or not; None when nobody does
    """

    __slots__ = ("client", "code", "hello", "pid", "reason")

    def __init__(
        self,
        client: AgentClient | None,
        code: str = "",
        reason: str = "",
        hello: dict[str, Any] | None = None,
        pid: int | None = None,
    ) -> None:
        self.client = client
        self.pid = pid
        self.code = code
        self.reason = reason
        self.hello = hello or {}


class AgentClient:
    """One connection to the agent: one request at a time; closing it cancels what it asked for.

    hello     the agent's hello: proto, build, features, paths, started, pid
    waiting   called during a `call` that takes long: with "silent" when nothing is heard of the agent, with "busy"
              when it works on the answer
    """

    def __init__(self, line: Line, hello: dict[str, Any]) -> None:
        self._line = line
        self.hello = hello
        self.waiting: Callable[[str], None] = _unsaid

    @classmethod
    def connect(cls, profile: Profile, *, env: Mapping[str, str] | None = None) -> AgentClient | None:
        """Return a connection to the agent that does this profile's work, or None; `reach` also says why."""
        return reach(profile, env=env).client

    def call(self, op: str, args: dict[str, Any] | None = None, *, timeout: float = ANSWER_TIMEOUT) -> dict[str, Any]:
        """Return the `end` of one request (items on the way are dropped).

        Args:
            op: operation, for example "status".
            args: its arguments.
            timeout: longest silence, seconds; heartbeats break it.

        Raises:
            AgentError: the agent refused, failed or went away.

        """
        stream = self._answers(op, args, timeout, self.waiting)
        while True:
            try:
                next(stream)
            except StopIteration as stop:
                return stop.value if isinstance(stop.value, dict) else {}

    def stream(
        self, op: str, args: dict[str, Any] | None = None, *, timeout: float = BEAT_TIMEOUT
    ) -> Generator[dict[str, Any], None, dict[str, Any]]:
        """Yield each item of one request; the generator's return value is the `end`.

        Raises:
            AgentError: the agent refused, failed, went away, or was silent (heartbeats included) for `timeout` s.

        """
        return self._answers(op, args, timeout, None)

    def _answers(
        self, op: str, args: dict[str, Any] | None, timeout: float, waiting: Callable[[str], None] | None
    ) -> Generator[dict[str, Any], None, dict[str, Any]]:
        self._send(op, args or {}, timeout)
        beats = 0
        while True:
            frame = self._receive(timeout, waiting)
            if "beat" in frame and waiting is not None:
                beats += 1
                if beats == BUSY_BEATS:
                    waiting("busy")
            elif "item" in frame:
                item = frame["item"]
                if isinstance(item, dict):
                    yield item
            elif "end" in frame:
                end = frame["end"]
                return end if isinstance(end, dict) else {}
            elif "error" in frame:
                raise _error(frame["error"])

    def fileno(self) -> int:
        """Return the socket, for a notifier of an event loop."""
        return self._line.fileno()

    def close(self) -> None:
        """End the connection; safe to call twice and from another thread."""
        self._line.close()

    def _send(self, op: str, args: dict[str, Any], timeout: float) -> None:
        try:
            self._line.settimeout(timeout)
            self._line.send({"op": op, "args": args})
        except Gone as gone:
            raise AgentError("gone", str(gone), _RESTART) from None

    def _receive(self, timeout: float, waiting: Callable[[str], None] | None) -> dict[str, Any]:
        try:
            if waiting is not None and timeout > SILENT_FOR:
                self._line.settimeout(SILENT_FOR)
                try:
                    return self._line.receive()
                except Silent:
                    waiting("silent")
                self._line.settimeout(timeout - SILENT_FOR)
            return self._line.receive()
        except Gone as gone:
            raise AgentError("gone", str(gone), _RESTART) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unsaid(_: str) -> None:
    pass


def reach(
    profile: Profile,
    *,
    env: Mapping[str, str] | None = None,
    timeout: float = HELLO_TIMEOUT,
    any_paths: bool = False,
) -> Reached:
    """Look for the running agent of `profile`.

    Args:
        profile: whose agent.
        env: environment whose effective paths must equal the agent's; this process's by default.
        timeout: seconds for connect and hello together.
        any_paths: True for stop, status and the tray, which act on whatever agent runs.

    """
    record = read_record(profile.agent_record)
    if record is None:
        return Reached(None, "not_running", "no agent is running")
    if record.get("host") != os.uname().nodename:
        return Reached(None, "elsewhere", "the agent of this home runs on another machine")
    if record.get("boot_id") != boot_id():
        return Reached(None, "not_running", "no agent is running (its record is from before the last start)")
    path = record.get("socket")
    if not isinstance(path, str) or not os.path.isabs(path):
        return Reached(None, "not_running", "the agent's record is damaged")
    return _greet(profile, os.environ if env is None else env, path, timeout, any_paths=any_paths)


def read_record(path: str) -> dict[str, Any] | None:
    """Return `agent.json`, or None when it is absent, unreadable, not ours or not an object."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        info = os.fstat(descriptor)
        if info.st_uid != os.geteuid() or not stat.S_ISREG(info.st_mode):
            return None
        record = json.loads(os.read(descriptor, 1 << 16))
    except (OSError, ValueError, RecursionError):
        return None
    finally:
        os.close(descriptor)
    return record if isinstance(record, dict) else None


def boot_id() -> str:
    """Return what changes with every start of the machine, or "" where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _greet(profile: Profile, env: Mapping[str, str], path: str, timeout: float, *, any_paths: bool) -> Reached:
    try:
        line = dial(path, timeout)
    except OSError:
        return Reached(None, "not_running", "no agent is running")
    hello: dict[str, Any] = {}
    pid, uid = line.peer()
    if uid not in (os.geteuid(), None):
        refusal: tuple[str, str] | None = ("not_ours", "the agent's socket is held by another user")
        pid = None
    else:
        refusal = _shake_hands(line, effective(profile, env), hello, any_paths=any_paths)
    if refusal is None:
        return Reached(AgentClient(line, hello), hello=hello, pid=pid)
    line.close()
    return Reached(None, *refusal, hello, pid)


def _shake_hands(line: Line, ours: dict[str, str], hello: dict[str, Any], *, any_paths: bool) -> tuple[str, str] | None:
    try:
        line.send({"hello": {"proto": list(PROTO), "build": BUILD, "features": [], "paths": ours}})
        theirs = line.receive().get("hello")
    except Gone:
        return "silent", "the agent does not answer"
    if not isinstance(theirs, dict):
        return "silent", "what answers on the agent's socket is not the agent"
    hello.update(theirs)
    return _fits(ours, theirs, any_paths=any_paths)


def _fits(ours: dict[str, str], theirs: dict[str, Any], *, any_paths: bool) -> tuple[str, str] | None:
    if not overlap(theirs.get("proto")):
        return "other_version", "the running agent speaks another version"
    if any_paths:
        return None
    if theirs.get("build") != BUILD:
        return "other_version", "the running agent is of another build"
    differs = difference(ours, theirs.get("paths"))
    return ("other_paths", f"the running agent has another {differs}") if differs else None


def _error(value: object) -> AgentError:
    fields = value if isinstance(value, dict) else {}
    return AgentError(
        str(fields.get("code", "internal")),
        str(fields.get("message", "the agent failed")),
        str(fields.get("remedy", "")),
    )
