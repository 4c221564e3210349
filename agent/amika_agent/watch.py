"""File system events -> "look again".

Not files but directories are watched, and never recursively: every directory from a file's own up to the home, so that
one that does not exist yet, is removed, swapped or recreated is noticed by its parent. Names of no interest cost a
set lookup. Events may be lost or doubled; whoever is told looks at everything again, and `changed_since` is the net.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterator, Mapping

from amika_agent.directory_events import DirectoryEvents, Seen, directory_events
from amika_local.credential import Problem

Identity = tuple[int, int]
_NONE: frozenset[str] = frozenset()


class Watch:
    """Calls `on_change(tags)`, from a thread of its own, when a file with one of these tags may have changed.

    Args:
        files: absolute path -> tag; neither they nor their folders need to exist.
        home: folders above it are not watched.
        on_change: must return at once.
        events: what watches directories.

    """

    def __init__(
        self,
        files: Mapping[str, str],
        home: str,
        on_change: Callable[[frozenset[str]], None],
        events: Callable[[Seen, Callable[[], None]], DirectoryEvents] = directory_events,
    ) -> None:
        self._files = dict(files)
        self._home = os.path.realpath(home)
        self._on_change = on_change
        self._lock = threading.Lock()
        self._make_events = events
        self._events: DirectoryEvents | None = None
        self._running = False
        self._armed: dict[str, tuple[Identity, object]] = {}
        self._gone: set[str] = set()
        self._interest: dict[str, frozenset[str]] = {}
        self._prints: dict[str, object] = {}
        self.problem: Problem | None = None

    def start(self) -> None:
        """Begin; where the system refuses to watch, `problem` says so and only the net is left."""
        self.changed_since()
        with self._lock:
            self._running = True
        self.rearm()

    def stop(self) -> None:
        """End; no call of `on_change` begins afterwards."""
        with self._lock:
            self._running = False
            events, self._events = self._events, None
            self._armed.clear()
        if events is not None:
            events.stop()

    def rearm(self) -> None:
        """Watch what exists now. Call it before each look: what comes into being later is an event again."""
        with self._lock:
            self._begin()
            for _ in range(4):  # a folder may appear while its parent is being armed
                if self._events is None or not self._arm(self._events):
                    return

    def _begin(self) -> None:
        """Have what watches, where the system refused it until now too: its limit may have been raised."""
        if self._events is not None or not self._running:
            return
        try:
            self._events = self._make_events(self._seen, self._lost)
        except OSError as error:
            self.problem = _refused(error)

    def about_to_look(self, tag: str) -> None:
        """Count what happened to the files of this tag until now as noticed; call it before they are looked at."""
        self._prints = {**self._prints, **{path: _print(path) for path, its in self._files.items() if its == tag}}

    def changed_since(self) -> frozenset[str]:
        """Return the tags of files that nobody has looked at, or asked for here, since they changed.

        What counts is inode, size, time and mode. May be called while another thread looks: then a change may be told
        twice, and none is lost.
        """
        prints = {path: _print(path) for path in self._files}
        before, self._prints = self._prints, prints
        return frozenset(tag for path, tag in self._files.items() if path in before and before[path] != prints[path])

    def _arm(self, events: DirectoryEvents) -> bool:
        wanted, self._interest = _directories(self._files, self._home)
        gone, self._gone = self._gone, set()
        self.problem = None
        changed = False
        for path, (identity, watched) in list(self._armed.items()):
            if path in gone or wanted.get(path) != identity:
                del self._armed[path]
                changed = True
                events.remove(watched)
        for path, identity in wanted.items():
            if path not in self._armed:
                changed |= self._add(events, path, identity)
        return changed

    def _add(self, events: DirectoryEvents, path: str, identity: Identity) -> bool:
        try:
            self._armed[path] = identity, events.add(path)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EMFILE):
                self.problem = _refused(error)
            return False
        return True

    def _seen(self, source: str, destination: str) -> None:
        tags = self._interest.get(source, _NONE) | self._interest.get(destination, _NONE)
        if source in self._armed or destination in self._armed:
            self._gone |= {source, destination}
        if tags:
            self._on_change(tags)

    def _lost(self) -> None:
        self._gone |= set(self._armed)
        self._on_change(frozenset(self._files.values()))


def _directories(files: Mapping[str, str], home: str) -> tuple[dict[str, Identity], dict[str, frozenset[str]]]:
    """Return the directories to watch, and the paths in them that matter with the tags they matter for."""
    wanted: dict[str, Identity] = {}
    interest: dict[str, frozenset[str]] = {}
    for file, tag in files.items():
        for path in {file, os.path.realpath(file)}:
            for directory, name in _above(path, home):
                place = os.path.join(directory, name)
                interest[place] = interest.get(place, _NONE) | {tag}
                with contextlib.suppress(OSError):
                    info = os.stat(directory)
                    wanted[directory] = (info.st_dev, info.st_ino)
    return wanted, interest


def _above(path: str, home: str) -> Iterator[tuple[str, str]]:
    """Yield (directory, name in it) from `path` up to the home, else to the parent of the nearest that exists."""
    left = 2
    while left and path != os.path.dirname(path):
        path, name = os.path.split(path)
        directory = os.path.realpath(path)
        yield directory, name
        if directory == home:
            return
        left -= os.path.isdir(directory) and not directory.startswith(home.rstrip("/") + "/")


def _print(path: str) -> object:
    try:
        info = os.stat(path)
    except OSError as error:
        return error.errno
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_mode


def _refused(error: OSError) -> Problem:
    return Problem(
        "watch",
        f"the system refuses to watch more folders ({os.strerror(error.errno or 0)}); changes are seen within a minute",
        source="watch",
        remedy="Raise the limit: sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288",
    )
