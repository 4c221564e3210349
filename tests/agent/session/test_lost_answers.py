"""Answers that are lost, late or refuse for a while: the session stays."""

from __future__ import annotations

import json

import pytest

from amika_agent.session.keeper import RenewalPostponed, SessionEnded
from amika_agent.session.rules import digest
from amika_agent.stores.private_file import locked
from amika_local.errors import Busy, Failed
from amika_local.secret import Secret


def test_the_answer_is_lost_and_the_same_token_is_sent_again(world):
    world.sign_in()
    spent = world.stored()["refresh_token"]
    world.clock.turn(290)
    world.server.fail("refresh", "reset", times=3, executed=True)
    world.cli.fresh()
    assert [seen.form["refresh_token"] for seen in world.server.seen] == [spent] * 4
    assert world.clock.slept == [0.0, 1.0, 2.0]
    assert len(world.model.live()) == 1


def test_it_stops_within_the_grace_and_keeps_the_session(world):
    world.sign_in()
    before = world.file.read_bytes()
    world.clock.turn(290)
    world.server.fail("refresh", "reset", times=99, executed=True)
    with pytest.raises(RenewalPostponed) as caught:
        world.cli.fresh()
    assert sum(world.clock.slept) < 20
    assert caught.value.retry_at > world.clock.now()
    assert world.file.read_bytes() == before
    assert world.meta.sent(digest(Secret(json.loads(before)["refresh_token"])))


def an_answer_is_lost(world):
    """Long before the end, a renewal is carried out and its answer does not come; then all is well again."""
    world.sign_in()
    world.clock.turn(60)
    world.server.fail("refresh", "reset", times=99, executed=True)
    with pytest.raises(RenewalPostponed):
        world.cli.fresh(force=True)
    world.server.heal()


def test_the_next_process_resends_at_once_inside_the_grace_whatever_the_lead(world):
    an_answer_is_lost(world)
    world.clock.turn(5)
    assert world.left() > 200
    assert world.agent.due_at() <= world.clock.now()
    world.agent.fresh()
    assert len(world.model.live()) == 1
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh


def test_a_switch_inside_the_grace_of_a_lost_renewal_is_made_all_the_same(world):
    """The server answers it with the pair of that renewal, which is of the organization before."""
    world.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    an_answer_is_lost(world)
    world.clock.turn(5)
    assert world.cli.switch_organization("org_02BETA").organization_id == "org_02BETA"
    assert world.stored()["organization_id"] == "org_02BETA"
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh


def test_a_lost_answer_to_a_switch_is_found_by_the_next_renewal(world):
    world.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    world.sign_in()
    world.server.fail("refresh", "reset", times=99, executed=True)
    with pytest.raises(RenewalPostponed):
        world.cli.switch_organization("org_02BETA")
    world.server.heal()
    world.clock.turn(5)
    assert world.agent.fresh().organization_id == "org_02BETA"
    assert len(world.model.live()) == 1


def test_a_server_that_leaves_the_session_where_it_was_is_not_believed(world):
    world.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    world.sign_in()
    world.model.ignores_organization = True
    with pytest.raises(Failed, match="left it in its organization"):
        world.cli.switch_organization("org_02BETA")
    assert world.stored()["organization_id"] == "org_01ACME"
    assert world.stored()["refresh_token"] == world.model.live()[0].refresh


def test_past_the_grace_the_loss_is_told_precisely(world):
    an_answer_is_lost(world)
    world.clock.turn(40)
    assert world.cli.fresh(), "the access token still lives"
    world.clock.turn(250)
    with pytest.raises(SessionEnded, match="answer to its last renewal was lost"):
        world.cli.fresh()


def test_each_round_of_sending_opens_its_own_grace(world):
    """Server trouble for minutes, then an executed request whose answer is lost: the next process is still in time."""
    world.sign_in()
    world.clock.turn(290)
    world.server.fail("refresh", "500", times=99)
    with pytest.raises(RenewalPostponed):
        world.cli.fresh()
    world.clock.turn(120)
    world.server.heal()
    world.server.fail("refresh", "reset", times=99, executed=True)
    with pytest.raises(RenewalPostponed):
        world.cli.fresh()
    world.server.heal()
    world.clock.turn(8)
    assert world.agent.due_at() <= world.clock.now()
    world.agent.fresh()
    assert len(world.model.live()) == 1


def test_nothing_was_ever_sent_so_nothing_is_in_a_hurry(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.stop()
    with pytest.raises(RenewalPostponed, match="no connection"):
        world.cli.fresh()
    assert sum(world.clock.slept) <= 2, "offline must not make a command wait"
    assert world.meta.sent_at == 0
    world.server.start()
    world.cli.fresh()


def test_rate_limits_are_obeyed_by_every_process(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.fail("refresh", "429", times=99, headers=(("Retry-After", "120"),))
    with pytest.raises(RenewalPostponed) as caught:
        world.cli.fresh()
    assert caught.value.retry_at == pytest.approx(world.clock.now() + 120)
    sent = world.server.count("refresh")
    with pytest.raises(RenewalPostponed):
        world.agent.fresh()
    assert world.server.count("refresh") == sent
    assert world.agent.due_at() >= world.clock.now() + 120
    world.server.heal()
    world.clock.turn(121)
    world.agent.fresh()


def test_a_clock_that_is_set_back_makes_no_pause_a_day(world):
    """A wait that was noted by the wrong clock is no reason to let the session end."""
    world.sign_in()
    world.clock.turn(290)
    world.server.fail("refresh", "429", headers=(("Retry-After", "3000"),))
    world.server.fail("refresh", "429", headers=(("Retry-After", "3000"),))
    with pytest.raises(RenewalPostponed):
        world.agent.fresh()
    world.clock.set_wall(-86_400)
    assert world.agent.due_at() <= world.clock.now() + 3600
    world.server.heal()
    world.agent.fresh()
    assert world.agent.due_at() <= world.clock.now() + 300


def test_back_off_grows_and_ends_with_success(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.stop()
    pauses = []
    for _ in range(4):
        with pytest.raises(RenewalPostponed):
            world.agent.fresh()
        pauses.append(world.agent.due_at() - world.clock.now())
    assert pauses == sorted(pauses)
    assert 5 <= pauses[0] <= 6
    assert pauses[3] >= 40
    world.server.start()
    world.agent.fresh()
    assert world.agent.due_at() > world.clock.now() + 100


@pytest.mark.parametrize(("left", "given"), [(60, True), (20, False)])
def test_a_lock_that_is_not_let_go_is_waited_for_half_a_minute(world, left, given):
    """Past that the present token is better than none while it has five seconds."""
    world.sign_in()
    present = world.stored()["access_token"]
    world.clock.turn(300 - left)
    with locked(str(world.state / ".session.lock"), deadline=0.0):
        if given:
            assert world.cli.fresh().access_token.reveal() == present
        else:
            with pytest.raises(Busy, match="another process is renewing") as caught:
                world.cli.fresh()
            assert caught.value.exit_code == 5
    assert world.server.count("refresh") == 0
    assert 30 <= sum(world.clock.slept) < 31
