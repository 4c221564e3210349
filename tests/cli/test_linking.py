from __future__ import annotations

import os

import pytest

from amika_cli.setup.linking import leads_nowhere, link, others_on_path, unlink
from amika_local.errors import Conflict, Failed


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "venv" / "bin" / "amika"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_link_is_made_once_and_removed(tmp_path, target):
    place = str(tmp_path / "home" / ".local" / "bin" / "amika")
    assert link(place, target) is True
    assert os.readlink(place) == target
    assert link(place, target) is False
    assert unlink(place, target) is True
    assert unlink(place, target) is False
    assert os.path.exists(target)


@pytest.mark.parametrize(("mask", "mode"), [(0, 0o755), (0o002, 0o755), (0o077, 0o700)])
def test_nobody_else_may_put_programs_where_the_link_is(tmp_path, target, mask, mode):
    before = os.umask(mask)
    try:
        assert link(str(tmp_path / "home" / "bin" / "amika"), target)
    finally:
        assert os.umask(before) == mask
    assert [(tmp_path / folder).stat().st_mode & 0o777 for folder in ("home", "home/bin")] == [mode, mode]


def test_another_program_is_never_replaced_nor_removed(tmp_path, target):
    place = tmp_path / "amika"
    place.write_text("the Go program")
    for attempt, told in (
        (link, "Move it away"),
        (unlink, f"Nothing of ours is there. If nobody needs it: rm {place}"),
    ):
        with pytest.raises(Conflict) as caught:
            attempt(str(place), target)
        assert told in caught.value.remedy
        assert f"{place} is another program" in caught.value.message
    assert place.read_text() == "the Go program"


def test_a_link_of_somebody_else_stays_and_a_dangling_one_goes(tmp_path, target):
    other = tmp_path / "other"
    other.write_text("x")
    place = tmp_path / "amika"
    place.symlink_to(other)
    with pytest.raises(Conflict):
        link(str(place), target)
    with pytest.raises(Conflict, match=f"a link to {other}"):
        unlink(str(place), target)
    assert place.is_symlink()
    place.unlink()
    place.symlink_to(tmp_path / "gone")
    assert link(str(place), target) is True


def program(folder):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "amika"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def joined(*programs):
    return os.pathsep.join(os.path.dirname(path) for path in programs)


@pytest.fixture
def place(tmp_path, target):
    path = tmp_path / "home" / "bin" / "amika"
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    return str(path)


def test_every_other_amika_on_path_is_named(tmp_path, target, place):
    go, brew = program(tmp_path / "go"), program(tmp_path / "brew")
    assert others_on_path(joined(go, place), place) == ([go], [], True)
    assert others_on_path(joined(go, brew, place), place) == ([go, brew], [], True)
    assert others_on_path(joined(place), place) == ([], [], True)
    assert others_on_path(joined(go), place) == ([go], [], False)
    assert others_on_path(joined(target), place) == ([], [], False)


def test_one_that_our_link_hides_is_named_too(tmp_path, place):
    go, brew = program(tmp_path / "go"), program(tmp_path / "brew")
    assert others_on_path(joined(go, place, brew, go), place) == ([go], [brew], True)


def test_links_are_looked_through(tmp_path, target, place):
    go = program(tmp_path / "Cellar" / "1.2")
    linked, ours = tmp_path / "linked" / "amika", tmp_path / "ours" / "amika"
    for path, leads_to in ((linked, go), (ours, target)):
        path.parent.mkdir()
        path.symlink_to(leads_to)
    assert others_on_path(joined(linked, ours, place), place) == ([str(linked)], [], True)
    with pytest.raises(Conflict):
        link(str(linked), target)
    assert os.readlink(linked) == go


def test_what_is_no_program_is_not_named(tmp_path, place):
    (tmp_path / "folder" / "amika").mkdir(parents=True)
    text = tmp_path / "text" / "amika"
    text.parent.mkdir()
    text.write_text("notes")
    path = f".::{tmp_path}/folder:{tmp_path}/text:{tmp_path}/missing:{os.path.dirname(place)}"
    assert others_on_path(path, place) == ([], [], True)


def test_a_folder_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path, target):
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match="cannot link") as failed:
        link(str(tmp_path / "file" / "bin" / "amika"), target)
    assert os.path.dirname(target) in failed.value.remedy


def test_a_link_that_cannot_be_removed_is_an_error_with_a_remedy():
    place = "/proc/self/exe"  # a link that nobody can remove, whoever runs this
    if not os.path.islink(place):
        pytest.skip("no such link on this system")
    with pytest.raises(Failed, match="cannot remove") as failed:
        unlink(place, os.path.realpath(place))
    assert "writable" in failed.value.remedy


def test_a_failed_replacement_leaves_nothing_behind(tmp_path, target):
    place = tmp_path / "amika"
    place.symlink_to(tmp_path / "gone")
    with pytest.raises(Failed):
        link(str(place), target + "x" * 5000)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("amika")] == ["amika"]


def test_where_a_dangling_link_led_can_be_told(tmp_path, target, place):
    dangling = tmp_path / "dangling"
    dangling.symlink_to("/mnt/disk/amika")
    assert leads_nowhere(str(dangling)) == "/mnt/disk/amika"
    assert leads_nowhere(place) == ""
    assert leads_nowhere(target) == ""
    assert leads_nowhere(str(tmp_path / "nothing")) == ""
