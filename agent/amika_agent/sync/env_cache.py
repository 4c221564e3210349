"""The env cache file: what every terminal and the Go CLI read, derived from the sources and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_local.credential import Problem

if TYPE_CHECKING:
    from amika_local.discovery import Discovery

    from amika_agent.sync.journal import SyncDb


@dataclass(frozen=True)
class EnvCacheResult:
    """State of the file after a look at it.

    state     "current", "behind" (paused or the file is busy), "off" or "problem"
    entries   number of derived entries, both shelves counted once
    changed   names that were added, changed or removed
    problems  what stands in the way
    written_at  file time, epoch seconds, or None
    due_at    epoch seconds at which an entry expires or an absence becomes certain, or None
    """

    state: str
    entries: int
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    written_at: float | None = None
    due_at: float | None = None


def reconcile(
    path: str,
    discovery: Discovery,
    db: SyncDb,
    clock: Clock,
    *,
    paused: bool = False,
    dry_run: bool = False,
) -> EnvCacheResult:
    """Make the derived entries of the file equal to `discovery`; somebody's own entries are never touched.

    Args:
        path: the file; created when there is something to write.
        discovery: what the sources gave.
        db: remembers keyed hashes of what was ever mirrored, and since when a source is absent.
        clock: time source.
        paused: only what its owner has revoked is removed.
        dry_run: report what would change, write nothing.

    Never raises for what is wrong with the file: that is a problem in the result.

    """
    raise NotImplementedError


def withdraw(path: str, db: SyncDb, clock: Clock) -> EnvCacheResult:
    """Take our entries out of both shelves; somebody's own entries stay."""
    raise NotImplementedError
