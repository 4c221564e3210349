"""Everything that is done to credential files is seen: real files, the system's own events, both ways to get them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.agent.watch.watched import Watched

from amika_agent.directory_events import directory_events


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
    assert watched.tags == {"local"}


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


def test_stopping_ends_the_calls(home: Path, make: Callable[[Path], Watched]) -> None:
    path = home / "auth.json"
    watched = make(path)
    watched.watch.stop()
    path.write_text("1")
    watched.watch.rearm()
    assert watched.calls == 0


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
