"""A session file that is torn, damaged or blank."""

from __future__ import annotations

import stat

import pytest

from amika_local.session_file import SessionFileError


def test_a_torn_file_is_waited_for(world):
    world.sign_in()
    whole = world.file.read_text()
    world.file.write_text(whole[:40])
    world.clock.on_sleep = lambda _: world.file.write_text(whole)
    assert world.cli.fresh()
    assert world.server.seen == []


def test_a_damaged_file_is_kept_aside_once_and_left_in_place(world):
    world.sign_in()
    world.file.write_text('{"access_token": "half')
    for _ in range(3):
        with pytest.raises(SessionFileError) as caught:
            world.cli.fresh()
    copies = [name for name in world.files() if ".corrupt-" in name]
    assert len(copies) == 1
    assert copies[0] in caught.value.remedy
    copy = world.state / copies[0]
    assert copy.read_text() == world.file.read_text() == '{"access_token": "half'
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert caught.value.exit_code == 3


def test_a_sign_in_keeps_the_damaged_file_that_it_replaces_aside(world):
    world.sign_in()
    world.file.write_text('{"access_token": "half')
    world.sign_in()
    assert world.cli.fresh()
    [copy] = [name for name in world.files() if ".corrupt-" in name]
    assert (world.state / copy).read_text() == '{"access_token": "half'


@pytest.mark.parametrize("content", ["{}", "null"])
def test_a_blank_file_is_said_at_once(world, content):
    world.sign_in()
    world.file.write_text(content)
    with pytest.raises(SessionFileError, match="holds no login"):
        world.cli.fresh()
    assert world.clock.slept == []
