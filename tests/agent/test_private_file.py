from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from tests.fakes.loop_clock import FakeLoopClock

from amika_agent.stores.private_file import (
    Room,
    locked,
    make_private_dir,
    read_private,
    refuse_symlink,
    remove_private,
    translated,
    write_private,
)
from amika_local.errors import Busy, Failed


@pytest.mark.timeout(30)
def test_what_is_no_regular_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(Failed, match=name) as failed:
            read_private(str(tmp_path / name), 10)
        assert failed.value.remedy
    (tmp_path / "file").write_bytes(b"0123456789x")
    assert read_private(str(tmp_path / "file"), 10) == b"0123456789"
    assert read_private(str(tmp_path / "none"), 10) is None


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_private(str(path), b"one")
    write_private(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_link_in_its_place_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(Failed, match="symbolic link"):
        write_private(str(tmp_path / "link"), b"x")
    with pytest.raises(Failed):
        refuse_symlink(str(tmp_path / "link"))
    assert (tmp_path / "target").read_text() == "mine"


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path in ("file", "file/below"):
        with pytest.raises(Failed, match="cannot write") as caught:
            make_private_dir(str(tmp_path / path))
        assert "move it away" in caught.value.remedy


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOENT, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_every_reason_has_its_remedy(tmp_path: Path, number: int) -> None:
    error = translated(OSError(number, os.strerror(number)), str(tmp_path / "a" / "b" / "file"))
    assert os.strerror(number) in error.message
    assert error.remedy


def test_the_remedy_names_a_folder_that_exists(tmp_path: Path) -> None:
    error = translated(PermissionError(errno.EACCES, "no"), str(tmp_path / "a" / "b" / "file"))
    assert error.remedy.endswith(f" {tmp_path}")


def test_a_held_lock_is_waited_for_and_then_busy(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with (
        locked(path, deadline=0),
        pytest.raises(Busy, match="the thing"),
        locked(path, deadline=0, clock=FakeLoopClock(), what="the thing"),
    ):
        pass
    with locked(path, deadline=0):
        assert os.path.exists(path)


def test_what_a_killed_writer_left_is_swept_once_it_is_old(tmp_path: Path) -> None:
    path = tmp_path / "file"
    old, new, other = (tmp_path / name for name in ("file.tmp-0a1b2c3d", "file.tmp-deadbeef", "file2.tmp-0a1b2c3d"))
    for one in (old, new, other):
        one.write_text("a value")
    os.utime(old, (1, 1))
    os.utime(other, (1, 1))
    write_private(str(path), b"new")
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)
    assert remove_private(str(path)) is True
    assert sorted(tmp_path.iterdir()) == [other]
    assert remove_private(str(path)) is False


def test_the_folders_above_are_private_too_whatever_the_umask(tmp_path) -> None:
    """Who can write into a folder above ours can put another in its place."""
    before = os.umask(0)
    try:
        make_private_dir(str(tmp_path / "a" / "b" / "c"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_room_is_taken_first_and_used_in_place(tmp_path):
    path = tmp_path / "login.json"
    path.write_bytes(b"before")
    room = Room(str(path), 4096)
    (taken,) = (one for one in tmp_path.iterdir() if one != path)
    inode = taken.stat().st_ino
    assert path.read_bytes() == b"before"
    room.fill(b"after")
    assert path.read_bytes() == b"after"
    assert path.stat().st_ino == inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    room.give_back()
    assert list(tmp_path.iterdir()) == [path]


def test_room_given_back_changes_nothing(tmp_path):
    path = tmp_path / "login.json"
    path.write_bytes(b"before")
    Room(str(path), 4096).give_back()
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


def test_room_that_somebody_tidied_up_is_made_anew(tmp_path):
    path = tmp_path / "login.json"
    room = Room(str(path), 4096)
    for left in tmp_path.iterdir():
        left.unlink()
    room.fill(b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_room_behind_a_symlink(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failed, match="symbolic link"):
        Room(str(tmp_path / "link"), 16)
    assert [one.name for one in tmp_path.iterdir()] == ["link"]
