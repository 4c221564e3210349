"""Telling what happens in directories, each by itself and never recursively. Both ways are watchdog's.

Linux: watchdog's reader of inotify without its observer, which spends a thread on every directory. Here one thread
serves them all and sleeps until the kernel has something to say. Elsewhere the observer that watchdog chooses.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.inotify_c import CallbackId, InotifyEvent, Mask, WatchDescriptor

Seen = Callable[[str, str], None]


class DirectoryEvents(Protocol):
    """Watched directories. Who makes one is told of changed paths, from a thread of its own, until `stop`."""

    def add(self, directory: str) -> object:
        """Watch an existing directory; return what `remove` takes. Raises OSError."""

    def remove(self, watched: Any) -> None:  # noqa: ANN401 -- each way has its own
        """Watch it no longer; whether it still exists does not matter."""

    def stop(self) -> None:
        """Watch nothing any more; nothing is told afterwards."""


def directory_events(seen: Seen, lost: Callable[[], None]) -> DirectoryEvents:
    """Return what this system offers.

    Args:
        seen: called with two paths, the second one often empty: something happened to the entries of these names, or
            to a watched directory itself.
        lost: called when the system had to drop events.

    Raises:
        OSError: the system refuses.

    """
    return InotifyEvents(seen, lost) if sys.platform.startswith("linux") else ObservedEvents(seen)


class InotifyEvents:
    """One inotify instance and one thread for all directories."""

    def __init__(self, seen: Seen, lost: Callable[[], None]) -> None:
        from watchdog.observers.inotify_c import InotifyConstants as On
        from watchdog.observers.inotify_c import InotifyFD

        logging.getLogger("watchdog").setLevel(logging.CRITICAL)  # it warns of dropped events, which cost nothing here
        mask = On.IN_CLOSE_WRITE | On.IN_MOVE | On.IN_CREATE | On.IN_DELETE | On.IN_ONLYDIR | On.IN_DONT_FOLLOW
        self._mask = cast("Mask", mask)
        self._seen = seen
        self._lost = lost
        self._open = True
        self._reader = InotifyFD()
        self._reader.start()

    def add(self, directory: str) -> tuple[WatchDescriptor, CallbackId, _Directory]:
        """Watch an existing directory; return what `remove` takes. Raises OSError."""
        told = _Directory(directory, self._tell, self._lost)
        name = cast("CallbackId", id(told))
        return self._reader.add_callback(os.fsencode(directory), self._mask, told, name), name, told

    def remove(self, watched: tuple[WatchDescriptor, CallbackId, _Directory]) -> None:
        """Watch it no longer; whether it still exists does not matter."""
        self._reader.remove_callbacks([watched[:2]])

    def stop(self) -> None:
        """Watch nothing any more; nothing is told afterwards."""
        self._open = False  # the reader says of every directory that it is watched no longer
        self._reader.stop()
        self._reader.join()

    def _tell(self, path: str) -> None:
        if self._open:
            self._seen(path, "")


class _Directory:
    """What watchdog's reader calls for one directory."""

    def __init__(self, path: str, tell: Callable[[str], None], lost: Callable[[], None]) -> None:
        self._path = path
        self._tell = tell
        self._lost = lost

    def on_event(self, event: InotifyEvent) -> None:
        self._tell(os.path.join(self._path, os.fsdecode(event.name)) if event.name else self._path)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002 -- the reader's signature
        self._tell(self._path)

    def on_queue_overflow(self) -> None:
        self._lost()


class ObservedEvents:
    """The observer of this system, with a thread for every directory on most."""

    def __init__(self, seen: Seen) -> None:
        from watchdog import events
        from watchdog.observers import Observer

        self._kinds: list[type[FileSystemEvent]] = [
            events.FileClosedEvent,
            events.FileMovedEvent,
            events.FileCreatedEvent,
            events.FileDeletedEvent,
            events.DirMovedEvent,
            events.DirCreatedEvent,
            events.DirDeletedEvent,
        ]
        self._seen = seen
        # it logs an error whenever a watch ends while an event is on its way, which is what re-arming is made of
        logging.getLogger("watchdog").setLevel(logging.CRITICAL)
        self._observer = Observer()
        self._observer.start()

    def add(self, directory: str) -> object:
        """Watch an existing directory; return what `remove` takes. Raises OSError."""
        handler = cast("FileSystemEventHandler", _Handler(self._seen))
        return self._observer.schedule(handler, directory, recursive=False, event_filter=self._kinds)

    def remove(self, watched: Any) -> None:  # noqa: ANN401 -- what `add` returned
        """Watch it no longer; whether it still exists does not matter."""
        with contextlib.suppress(KeyError):  # it went by itself
            self._observer.unschedule(watched)

    def stop(self) -> None:
        """Watch nothing any more; nothing is told afterwards."""
        self._observer.stop()
        self._observer.join()


class _Handler:
    """What watchdog calls; its own class would inspect every event's type again."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def dispatch(self, event: FileSystemEvent) -> None:
        self._seen(os.fsdecode(event.src_path), os.fsdecode(event.dest_path))
