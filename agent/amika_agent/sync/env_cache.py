"""The env cache file: what every terminal and the Go CLI read, derived from the sources and nothing else.

Two shelves. `_amika.env` holds the whole derived set under native names, which other readers skip. Top-level strings
are what the Go CLI sees at its priority 290: only keys that never expire and that outrank 290 at their source anyway,
so that a dead agent leaves nothing behind that would win over a live source.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from amika_agent.clock import Clock
from amika_agent.stores.private_file import locked, make_private_dir, write_new
from amika_agent.sync import env_document
from amika_agent.sync.env_document import Document, Malformed, Mark
from amika_agent.sync.env_shelf import Shelf, mirrored_names, own_names, read_shelf, wanted
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Busy, Failed

if TYPE_CHECKING:
    from amika_agent.sync.journal import SyncDb
    from amika_local.discovery import Discovery

KEY = "_amika"
TRIES = 8
TORN = 5.0  # seconds during which a malformed file is taken for a write in progress
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Amika keeps derived copies of credentials here.\n"


@dataclass(frozen=True)
class EnvCacheResult:
    """State of the file after a look at it.

    state       "current", "behind" (paused, busy, or being written by another program), "off" or "problem"
    entries     number of derived entries
    changed     names that were (or with `dry_run` would be) added, changed or removed
    removed     those of `changed` that were taken out
    problems    what stands in the way
    written_at  the file's time, epoch seconds, or None
    due_at      epoch seconds at which an entry expires or an absence becomes certain, or None
    """

    state: str
    entries: int
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    written_at: float | None = None
    due_at: float | None = None
    removed: tuple[str, ...] = ()


@dataclass
class _Look:
    """One attempt: what was read, what it should be."""

    document: Document
    mark: Mark | None
    before: Shelf
    after: Shelf
    due_at: float | None
    changed: tuple[str, ...] = field(default=())


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
    behind = False

    def intend(before: Shelf) -> tuple[Shelf, float | None]:
        nonlocal behind
        after, due_at = wanted(before, discovery, db, clock.now())
        if paused:
            revoked = {name: entry for name, entry in before.items() if name in after}
            behind = revoked != after
            after = revoked
        return after, due_at

    result = _guarded(path, db, clock, intend, dry_run=dry_run)
    return replace(result, state="behind") if behind and result.state == "current" else result


def withdraw(path: str, db: SyncDb, clock: Clock) -> EnvCacheResult:
    """Take our entries out of both shelves; somebody's own entries stay. An empty file is removed."""
    result = _guarded(path, db, clock, lambda _before: ({}, None), dry_run=False)
    return replace(result, state="off") if result.state == "current" else result


_Intent = Callable[[Shelf], tuple[Shelf, float | None]]


def _guarded(path: str, db: SyncDb, clock: Clock, intend: _Intent, *, dry_run: bool) -> EnvCacheResult:
    try:
        if dry_run:
            return _look_result(path, _look(path, db, intend))
        make_private_dir(os.path.dirname(path))
        with locked(os.path.join(os.path.dirname(path), "env-cache.lock"), deadline=5, clock=clock):
            return _write(path, db, intend)
    except Malformed as error:
        return _torn(path, db, clock, error)
    except Busy as error:
        return EnvCacheResult("behind", 0, problems=(_problem(path, error),))
    except AmikaError as error:
        return EnvCacheResult("problem", 0, problems=(_problem(path, error),))
    except OSError as error:
        failed = Failed(f"cannot write {path}: {error.strerror}", remedy="Free some space or make it writable.")
        return EnvCacheResult("problem", 0, problems=(_problem(path, failed),))


def _write(path: str, db: SyncDb, intend: _Intent) -> EnvCacheResult:
    for _ in range(TRIES):
        look = _look(path, db, intend)
        db.absent_since(f"torn|{path!a}", 0.0, absent=False)
        if not look.changed:
            return _look_result(path, look)
        top = look.document.strings()
        db.put_mirrored([(name, top[name]) for name in mirrored_names(look.after) if name in top])
        if _store(path, look):
            _tag(os.path.dirname(path))
            return _look_result(path, look)
    raise Busy(f"another program keeps writing {path}", remedy="It is tried again by itself.")


def _look(path: str, db: SyncDb, intend: _Intent) -> _Look:
    """Read the file and work out in memory what it should be."""
    data, mark = env_document.read(path)
    document = Document({}) if data is None else Document.parse(data)
    generation, before = read_shelf(document.value(KEY))
    top = document.strings()
    own = own_names(top, before, db.is_mirrored)
    after, due_at = intend(before)
    after = {name: entry for name, entry in after.items() if name not in own}
    mirror = mirrored_names(after, own)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    for name in top:
        if name not in own and name not in mirror and _is_ours(name, top, before, db):
            document.drop(name)
            changed.add(name)
    for name in mirror:
        if top.get(name) != after[name].value:
            document.put(name, after[name].value)
            changed.add(name)
    if changed:
        _shelve(document, after, generation + 1)
    return _Look(document, mark, before, after, due_at, tuple(sorted(changed)))


def _is_ours(name: str, top: dict[str, str], before: Shelf, db: SyncDb) -> bool:
    known = before.get(name)
    return (known is not None and known.value == top[name]) or db.is_mirrored(name, top[name])


def _shelve(document: Document, after: Shelf, generation: int) -> None:
    if after:
        env = {name: entry.to_json() for name, entry in sorted(after.items())}
        document.put(KEY, {"v": 1, "generation": generation, "env": env})
    else:
        document.drop(KEY)


def _store(path: str, look: _Look) -> bool:
    if not look.document.text:
        if look.mark is None or env_document.mark_of(path) != look.mark:
            return look.mark is None
        os.unlink(path)
        env_document.remove_wrecks(path)
        return True
    return env_document.replace_unless_changed(path, look.document.encoded(), look.mark)


def _look_result(path: str, look: _Look) -> EnvCacheResult:
    removed = tuple(name for name in look.changed if name not in look.after)
    return EnvCacheResult("current", len(look.after), look.changed, (), _time_of(path), look.due_at, removed)


def _torn(path: str, db: SyncDb, clock: Clock, error: Malformed) -> EnvCacheResult:
    """For some seconds a malformed file is a write in progress; then it is a problem. It is never rewritten."""
    since = db.absent_since(f"torn|{path!a}", clock.now(), absent=True) or clock.now()
    if clock.now() - since < TORN:
        return EnvCacheResult("behind", 0, written_at=_time_of(path), due_at=since + TORN)
    problem = Problem(
        "malformed", f"{path} {error}; it was left as it is", source="env-cache", path=path,
        remedy=f"Repair it, or move it away: mv {path} {path}.old",
    )  # fmt: skip
    return EnvCacheResult("problem", 0, problems=(problem,), written_at=_time_of(path))


def _problem(path: str, error: AmikaError) -> Problem:
    return Problem(error.code, error.message, source="env-cache", path=path, remedy=error.remedy)


def _time_of(path: str) -> float | None:
    mark = env_document.mark_of(path)
    return None if mark is None else mark[2] / 1e9


def _tag(folder: str) -> None:
    """Tell backup programs that this folder is a cache (CACHEDIR.TAG)."""
    try:
        write_new(os.path.join(folder, "CACHEDIR.TAG"), _TAG)
    except OSError:
        return  # it is there already, or cannot be: a convenience either way
