"""Each fault at the renewal by itself: a correct state and a message, and when it is gone all is well again."""

from __future__ import annotations

import json

import pytest

from amika_agent.session.keeper import RenewalPostponed
from amika_local.errors import Unreachable

QUICK = ["reset", "half", "429", "500", "503", "html", "huge", "garbage", "redirect", "empty_object", "404", "400"]


def check_message(error) -> None:
    text = error.message + error.remedy
    assert "BODY" not in text
    assert "html" not in text.lower()
    assert "stay signed in" in error.remedy


@pytest.mark.parametrize("executed", [False, True])
@pytest.mark.parametrize("kind", QUICK)
def test_once(world, kind, executed):
    world.sign_in()
    world.clock.turn(290)
    world.server.fail("refresh", kind, executed=executed)
    try:
        world.cli.fresh()
    except RenewalPostponed as error:
        # a definite answer is not argued with: the next call tries again
        assert kind in ("404", "400", "redirect")
        check_message(error)
        world.clock.turn(1)
        world.cli.fresh()
    assert len(world.model.live()) == 1
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh
    assert not world.next.exists()
    assert all(seen.path != "/elsewhere" for seen in world.server.seen)


@pytest.mark.parametrize("kind", QUICK)
def test_for_as_long_as_it_lasts_and_then_recovered(world, kind):
    world.sign_in()
    before = world.file.read_bytes()
    world.clock.turn(290)
    world.server.fail("refresh", kind, times=10_000)
    for _ in range(3):
        with pytest.raises(RenewalPostponed) as caught:
            world.agent.fresh()
        check_message(caught.value)
        assert isinstance(caught.value, Unreachable)
        world.clock.turn(30)
    assert world.file.read_bytes() == before
    assert world.agent.due_at() is not None
    world.server.heal()
    world.clock.turn(600)
    world.agent.fresh()
    assert len(world.model.live()) == 1
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["silence", "drip"])
def test_a_server_that_never_finishes_is_given_five_seconds(world, kind):
    world.sign_in()
    world.clock.turn(290)
    world.server.fail("refresh", kind, executed=True)
    world.cli.fresh()
    assert world.server.count("refresh") == 2
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh


def test_nobody_listens_and_then_somebody_does(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.stop()
    with pytest.raises(RenewalPostponed) as caught:
        world.cli.fresh()
    check_message(caught.value)
    world.server.start()
    assert world.cli.fresh()


def test_offline_but_the_token_still_lives(world):
    """Between the lead and the end there is nothing to be gained by failing a command."""
    world.sign_in()
    world.clock.turn(230)
    world.server.stop()
    assert world.left() == pytest.approx(70, abs=1)
    with pytest.raises(RenewalPostponed):
        world.cli.fresh()
    assert world.cli.bearer().reveal() == world.stored()["access_token"]
    world.clock.turn(66)
    with pytest.raises(RenewalPostponed):
        world.cli.bearer()


def test_while_the_grace_is_open_it_is_tried_every_second_and_not_in_a_loop(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.fail("refresh", "reset", times=9, executed=True)
    with pytest.raises(RenewalPostponed):
        world.agent.fresh()
    world.server.stop()
    pauses = []
    while world.meta.sent_at and world.clock.now() - world.meta.sent_at < 29:
        with pytest.raises(RenewalPostponed):
            world.agent.fresh()
        pauses.append(world.agent.due_at() - world.clock.now())
        world.clock.turn(max(0.1, pauses[-1]))
    assert 3 <= len(pauses) <= 20
    assert min(pauses) >= 0.9


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
@pytest.mark.parametrize("damage", ["not a token", "ünbrauchbar", "tok\ten", "\ud800"], ids=ascii)
def test_a_token_that_cannot_be_sent_does_not_take_the_sessions_place(world, name, damage):
    """The server did its work and its answer came damaged: it is asked for again, inside its grace."""
    world.sign_in()
    world.clock.turn(290)
    pair = {"access_token": "fake-access", "refresh_token": "fake-refresh", name: damage}
    world.server.fail("refresh", "answer", executed=True, status=200, body=json.dumps(pair).encode())
    world.cli.fresh()
    assert world.server.count("refresh") == 2
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh
