from __future__ import annotations

import os

import pytest

from amika_cli.setup.linking import link, others_on_path, unlink
from amika_local.errors import Conflict


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


def test_another_program_is_never_replaced_nor_removed(tmp_path, target):
    place = tmp_path / "amika"
    place.write_text("the Go program")
    for attempt in (link, unlink):
        with pytest.raises(Conflict):
            attempt(str(place), target)
    assert place.read_text() == "the Go program"


def test_a_link_of_somebody_else_stays_and_a_dangling_one_goes(tmp_path, target):
    other = tmp_path / "other"
    other.write_text("x")
    place = tmp_path / "amika"
    place.symlink_to(other)
    with pytest.raises(Conflict):
        link(str(place), target)
    place.unlink()
    place.symlink_to(tmp_path / "gone")
    assert link(str(place), target) is True


def test_another_amika_on_path_is_named(tmp_path, target):
    go = tmp_path / "go" / "amika"
    go.parent.mkdir()
    go.write_text("#!/bin/sh\n")
    go.chmod(0o755)
    place = tmp_path / "bin" / "amika"
    place.parent.mkdir()
    place.symlink_to(target)
    path = os.pathsep.join([str(go.parent), str(place.parent)])
    assert others_on_path(path, str(place)) == (str(go), True)
    assert others_on_path(str(place.parent), str(place)) == ("", True)
    assert others_on_path(str(go.parent), str(place)) == (str(go), False)
    assert others_on_path(os.path.dirname(target), str(place)) == ("", False)
