"""Finding, starting and stopping the local workspace; nothing here trusts a server that cannot prove itself."""

from __future__ import annotations

from dataclasses import dataclass

from amika_agent.clock import Clock


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
    """Return the workspace of `data_dir` if one runs and proves itself, else None. Takes at most 2 s."""
    raise NotImplementedError


def ensure(data_dir: str, clock: Clock) -> RunningWorkspace:
    """Return the running workspace of `data_dir`, starting one (detached) when there is none.

    Raises:
        Failed: the directory cannot be written, or the server did not come up (its log is named).

    """
    raise NotImplementedError


def decide(data_dir: str, code: str, approve: bool, clock: Clock | None = None) -> None:  # noqa: FBT001 -- a decision
    """Approve or deny the sign-in that shows `code` (as typed: case, spaces and dash do not matter).

    Raises:
        NotFound: no such code.
        Failed: it has expired, was decided otherwise or used already; or no workspace is running.

    """
    raise NotImplementedError


def stop(running: RunningWorkspace, clock: Clock | None = None) -> None:
    """End the workspace (SIGTERM, at most 10 s) and return when it is gone; a stranger is left alone."""
    raise NotImplementedError
