"""The watcher against everything that is done to credential files, with real files and the system's own events."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from amika_agent.directory_events import DirectoryEvents, InotifyEvents, ObservedEvents, Seen, directory_events
from amika_agent.watch import Watch

LOCAL = frozenset({"local"})

Lost = Callable[[], None]
WAYS = {"observer": lambda seen, _: ObservedEvents(seen)}
if sys.platform.startswith("linux"):
    WAYS["inotify"] = InotifyEvents


class Watched:
    """A watched file below a home, and how often a look was asked for. A look re-arms, as the local lane does."""

    def __init__(self, home: Path, path: Path, until: Callable[..., object], way: Callable) -> None:
        self.path = path
        self._until = until
        self._asked = threading.Event()
        self.tags: set[str] = set()
        self.calls = 0
        files = {str(path): "local", str(home / "session" / "s.json"): "session"}
        self.watch = Watch(files, str(home), self._changed, way)
        self.watch.start()

    def _changed(self, tags: frozenset[str]) -> None:
        self.calls += 1
        self.tags |= tags
        self._asked.set()

    def sees(self, change: Callable[[], object]) -> None:
        """Make a change and look again until nothing more is asked for, as the lane would."""
        self.quiet()
        change()
        self._until(self._asked.is_set, "an event")
        self.quiet()

    def quiet(self) -> None:
        self._asked.set()
        while self._asked.is_set():
            self._asked.clear()
            self.watch.rearm()
            self._asked.wait(0.05)


@pytest.fixture(params=WAYS)
def make(
    home: Path, until: Callable[..., object], request: pytest.FixtureRequest
) -> Iterator[Callable[[Path], Watched]]:
    made: list[Watched] = []

    def start(path: Path) -> Watched:
        made.append(Watched(home, path, until, WAYS[request.param]))
        return made[-1]

    yield start
    for watched in made:
        watched.watch.stop()


def replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def recreate_dir(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.parent.rmdir()
    path.parent.mkdir()
    path.write_text(text)


def swap_dir(path: Path, text: str) -> None:
    fresh = path.parent.with_name("fresh")
    fresh.mkdir()
    (fresh / path.name).write_text(text)
    path.parent.rename(path.parent.with_name("old"))
    fresh.rename(path.parent)


def delete_and_recreate(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def in_place(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.flush()
        file.write(text)


def moved_in(path: Path, text: str) -> None:
    elsewhere = path.parent.parent / "elsewhere.json"
    elsewhere.write_text(text)
    os.replace(elsewhere, path)


def linked(path: Path, text: str) -> None:
    target = path.parent.parent / "target.json"
    target.write_text(text)
    path.unlink()
    path.symlink_to(target)


CHANGES = [replace, in_place, delete_and_recreate, recreate_dir, swap_dir, moved_in, linked]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_seen_and_so_is_the_next_one(home: Path, make: Callable[[Path], Watched], change) -> None:
    path = home / ".claude" / ".credentials.json"
    path.parent.mkdir()
    path.write_text("1")
    watched = make(path)
    watched.sees(lambda: change(path, "2"))
    watched.sees(lambda: in_place(path, "3"))
    watched.sees(lambda: replace(path, "4"))
    assert watched.tags == LOCAL


def test_a_deletion_is_seen(home: Path, make: Callable[[Path], Watched]) -> None:
    path = home / ".codex" / "auth.json"
    path.parent.mkdir()
    path.write_text("1")
    watched = make(path)
    watched.sees(path.unlink)
    watched.sees(path.parent.rmdir)


def test_folders_that_do_not_exist_yet(home: Path, make: Callable[[Path], Watched]) -> None:
    path = home / ".local" / "share" / "opencode" / "auth.json"
    watched = make(path)
    watched.sees(lambda: path.parent.mkdir(parents=True))
    watched.sees(lambda: path.write_text("1"))
    watched.sees(lambda: replace(path, "2"))


def test_a_file_that_appears_together_with_its_folders(home: Path, make: Callable[[Path], Watched]) -> None:
    path = home / "a" / "b" / "c" / "auth.json"
    watched = make(path)

    def at_once() -> None:
        path.parent.mkdir(parents=True)
        path.write_text("1")

    watched.sees(at_once)
    watched.sees(lambda: in_place(path, "2"))


@pytest.mark.parametrize("change", [replace, in_place, delete_and_recreate], ids=lambda change: change.__name__)
def test_the_target_of_a_symlinked_file(home: Path, make: Callable[[Path], Watched], change) -> None:
    target = home / "dotfiles" / "auth.json"
    target.parent.mkdir()
    target.write_text("1")
    path = home / ".codex" / "auth.json"
    path.parent.mkdir()
    path.symlink_to(target)
    watched = make(path)
    watched.sees(lambda: change(target, "2"))
    watched.sees(lambda: replace(path, "3"))  # an atomic writer replaces the link itself
    watched.sees(lambda: in_place(path, "4"))


def test_a_symlinked_folder_and_the_folder_behind_a_new_link(home: Path, make: Callable[[Path], Watched]) -> None:
    for name in ("first", "second"):
        (home / "dotfiles" / name).mkdir(parents=True)
        (home / "dotfiles" / name / "auth.json").write_text(name)
    link = home / ".codex"
    link.symlink_to(home / "dotfiles" / "first")
    watched = make(link / "auth.json")
    watched.sees(lambda: replace(link / "auth.json", "2"))
    watched.sees(lambda: in_place(home / "dotfiles" / "first" / "auth.json", "3"))

    def relink() -> None:
        link.unlink()
        link.symlink_to(home / "dotfiles" / "second")

    watched.sees(relink)
    watched.sees(lambda: in_place(home / "dotfiles" / "second" / "auth.json", "4"))


def test_a_folder_that_is_removed_and_made_again_with_the_same_inode(
    home: Path, make: Callable[[Path], Watched]
) -> None:
    path = home / ".codex" / "auth.json"
    path.parent.mkdir()
    path.write_text("1")
    watched = make(path)
    for text in "2345":
        watched.sees(lambda text=text: recreate_dir(path, text))
        watched.sees(lambda text=text: in_place(path, text))


def test_outside_the_home_the_folder_may_go_and_come_too(tmp_path: Path, make: Callable[[Path], Watched]) -> None:
    path = tmp_path / "xdg" / "opencode" / "auth.json"
    path.parent.mkdir(parents=True)
    path.write_text("1")
    watched = make(path)
    watched.sees(lambda: recreate_dir(path, "2"))
    watched.sees(lambda: replace(path, "3"))


def test_unrelated_files_and_our_own_reads_ask_for_nothing(home: Path, make: Callable[[Path], Watched]) -> None:
    path = home / ".claude" / ".credentials.json"
    (path.parent / "projects").mkdir(parents=True)
    path.write_text("1")
    watched = make(path)
    watched.quiet()
    before = watched.calls
    for number in range(1000):
        (path.parent / "projects" / f"{number}.jsonl").write_text("log")
        if number % 10 == 0:
            (path.parent / f"{number}.lock").write_text("")
            path.read_text()
    watched.sees(lambda: in_place(path, "2"))  # events keep their order: the others were judged before this one
    assert watched.calls - before <= 3


def test_each_file_has_its_own_tag(home: Path, make: Callable[[Path], Watched]) -> None:
    watched = make(home / ".codex" / "auth.json")
    watched.sees((home / "session").mkdir)
    watched.sees(lambda: (home / "session" / "s.json").write_text("{}"))
    assert watched.tags == {"session"}


def test_the_net_sees_what_no_event_told(home: Path) -> None:
    path = home / "auth.json"
    path.write_text("1")
    watch = Watch({str(path): "local"}, str(home), lambda _: None)
    assert watch.changed_since() == frozenset()
    path.write_text("22")
    assert watch.changed_since() == LOCAL
    path.chmod(0o000)
    assert watch.changed_since() == LOCAL
    path.unlink()
    assert watch.changed_since() == LOCAL
    assert watch.changed_since() == frozenset()


def test_what_is_about_to_be_looked_at_counts_as_noticed_and_what_comes_then_does_not(home: Path) -> None:
    credential, session = home / "auth.json", home / "session.json"
    credential.write_text("1")
    session.write_text("1")
    watch = Watch({str(credential): "local", str(session): "session"}, str(home), lambda _: None)
    watch.changed_since()
    credential.write_text("22")
    session.write_text("22")
    watch.about_to_look("local")
    assert watch.changed_since() == {"session"}
    watch.about_to_look("local")
    credential.write_text("333")
    assert watch.changed_since() == LOCAL
    credential.unlink()
    watch.about_to_look("local")
    assert watch.changed_since() == frozenset()


def test_before_the_watch_has_begun_nothing_has_changed(home: Path) -> None:
    path = home / "auth.json"
    watch = Watch({str(path): "local", str(home / "session.json"): "session"}, str(home), lambda _: None)
    watch.about_to_look("local")
    path.write_text("1")
    assert watch.changed_since() == LOCAL


def test_stopping_ends_the_calls(home: Path, make: Callable[[Path], Watched]) -> None:
    path = home / "auth.json"
    watched = make(path)
    watched.watch.stop()
    path.write_text("1")
    watched.watch.rearm()
    assert watched.calls == 0


class Forgetful:
    """Events that are all lost; it keeps which directories are watched, and which were given up."""

    def __init__(self, lost: Lost) -> None:
        self.lose = lost
        self.watched: list[str] = []
        self.removed: list[str] = []

    def add(self, directory: str) -> str:
        self.watched.append(directory)
        return directory

    def remove(self, watched: str) -> None:
        self.watched.remove(watched)
        self.removed.append(watched)

    def stop(self) -> None:
        self.watched.clear()


def test_when_the_system_drops_events_everything_is_looked_at_and_watched_anew(home: Path) -> None:
    told: list[frozenset[str]] = []
    made: list[Forgetful] = []

    def forgetful(_: Seen, lost: Lost) -> Forgetful:
        made.append(Forgetful(lost))
        return made[0]

    files = {str(home / ".codex" / "auth.json"): "local", str(home / "s.json"): "session"}
    (home / ".codex").mkdir()
    watch = Watch(files, str(home), told.append, forgetful)
    watch.start()
    assert sorted(made[0].watched) == [str(home), str(home / ".codex")]
    made[0].lose()
    assert told == [frozenset({"local", "session"})]
    watch.rearm()
    assert sorted(made[0].removed) == sorted(made[0].watched) == [str(home), str(home / ".codex")]
    watch.rearm()
    assert len(made[0].removed) == 2
    watch.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's own")
def test_one_thread_serves_all_directories(home: Path) -> None:
    before = threading.active_count()
    events = directory_events(lambda *_: None, lambda: None)
    try:
        for number in range(20):
            (home / str(number)).mkdir()
            events.add(str(home / str(number)))
        assert threading.active_count() == before + 1
    finally:
        events.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's own")
def test_a_directory_that_goes_is_told_by_its_own_name_and_stopping_tells_nothing(
    home: Path, until: Callable[..., object]
) -> None:
    told: list[str] = []
    events = directory_events(lambda path, _: told.append(path), lambda: None)
    try:
        for name in ("stays", "goes"):
            (home / name).mkdir()
            watched = events.add(str(home / name))
        (home / "goes").rmdir()
        until(lambda: told == [str(home / "goes")], "the end of the directory")
        events.remove(watched)  # it is gone: no error
    finally:
        events.stop()
    assert told == [str(home / "goes")]


def test_where_the_system_refuses_to_watch_it_is_said_and_the_net_is_left(home: Path) -> None:
    code = """
import resource, sys
from amika_agent.watch import Watch
import watchdog.observers.inotify
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
watch = Watch({sys.argv[1] + "/auth.json": "local"}, sys.argv[1], print)
watch.start()
print(watch.problem.code, watch.problem.remedy != "")
watch.rearm()
watch.changed_since()
watch.stop()
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "watch True\n"


def test_what_the_system_refused_is_asked_for_again_with_each_look(home: Path, until: Callable[..., object]) -> None:
    """Its limit may have been raised meanwhile."""
    refusals = [OSError(errno.EMFILE, "too many"), OSError(errno.EMFILE, "too many")]

    def way(seen: Seen, lost: Lost) -> DirectoryEvents:
        if refusals:
            raise refusals.pop()
        return directory_events(seen, lost)

    told: list[frozenset[str]] = []
    watch = Watch({str(home / "auth.json"): "local"}, str(home), told.append, way)
    watch.rearm()
    assert len(refusals) == 2, "it has not begun"
    watch.start()
    try:
        assert watch.problem is not None
        watch.rearm()
        assert watch.problem is not None
        watch.rearm()
        assert watch.problem is None
        (home / "auth.json").write_text("x")
        until(lambda: LOCAL in told, "the event")
    finally:
        watch.stop()
    watch.rearm()
    assert watch._events is None, "and it does not begin anew"
