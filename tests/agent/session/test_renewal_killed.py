"""A renewal whose process was killed goes on in the next one."""

from __future__ import annotations

import json
import stat

import pytest
from tests.agent.session.successor import stage

from amika_agent.session.rules import digest
from amika_local.secret import Secret


@pytest.mark.parametrize("later", [1, 20_000])
def test_what_a_killed_process_had_got_is_rolled_forward(world, later):
    world.sign_in()
    answer = stage(world)
    world.clock.turn(later)
    world.cli.fresh()
    assert world.server.count("refresh") == (0 if later == 1 else 1)
    assert len(world.model.live()) == 1
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh
    if later == 1:
        assert world.stored()["refresh_token"] == answer["refresh_token"]
        assert "_amika" not in world.cli.stored().raw


def test_a_successor_of_another_session_is_not_rolled_forward(world):
    world.sign_in()
    stage(world)
    world.sign_in()
    fresh = world.stored()
    world.clock.turn(290)
    world.cli.fresh()
    assert world.server.seen[-1].form["refresh_token"] == fresh["refresh_token"]


@pytest.mark.parametrize("damage", ["half", "blanks", "byte", "empty"])
def test_a_damaged_successor_is_not_rolled_forward(world, damage):
    world.sign_in()
    stage(world)
    data = bytearray(world.next.read_bytes())
    if damage == "half":
        data = data[: len(data) // 2]
    elif damage == "blanks":
        at = data.index(b'"refresh_token": "') + 25
        data[at : at + 8] = b" " * 8
    elif damage == "byte":
        at = data.index(b'"email": "') + 12
        data[at] = data[at] ^ 1
    else:
        data = bytearray(b" " * 16384)
    world.next.write_bytes(data)
    world.clock.turn(2)
    world.cli.fresh()
    # inside the grace the server gives the same pair again
    assert len(world.model.live()) == 1
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh


def test_the_room_is_reserved_and_the_sending_noted_before_the_token_is_spent(world):
    world.sign_in()
    spent = world.stored()["refresh_token"]
    world.clock.turn(290)
    seen: dict = {}
    before = world.stored()

    def look(step: str) -> None:
        seen.update(size=world.next.stat().st_size, meta=world.meta, mode=stat.S_IMODE(world.next.stat().st_mode))

    world.server.before = look
    world.cli.fresh()
    assert seen["size"] >= 16384 + len(json.dumps(before)), "room for one that is larger than the present one"
    assert seen["mode"] == 0o600
    assert seen["meta"].sent(digest(Secret(spent)))
