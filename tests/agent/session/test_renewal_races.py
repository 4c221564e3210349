"""Somebody else changes the session while the server answers."""

from __future__ import annotations

import json

import pytest

from amika_agent.session.keeper import RenewalPostponed
from amika_agent.session.sign_out import sign_out
from amika_local.errors import NotSignedIn


def test_signed_out_while_the_server_answered(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.after = lambda step: world.file.unlink() if step == "refresh" else None
    with pytest.raises(NotSignedIn, match="signed out while"):
        world.cli.fresh()
    assert not world.file.exists()
    assert not world.next.exists()
    assert world.model.live() == [], "the new pair is revoked, nobody holds it"


@pytest.mark.parametrize("ending", ["fails", "comes back"])
def test_a_sign_out_that_did_not_wait_is_not_forgotten_by_the_renewal(world, ending):
    """Another program writes the old login back: it was signed out here, whatever became of the renewal."""
    world.sign_in()
    world.clock.turn(290)
    before = world.file.read_bytes()

    def leave(step: str) -> None:
        if step == "refresh":
            world.server.before = None
            sign_out(world.cli._parts, 5.0, patience=0.0)
            if ending == "comes back":
                world.file.write_bytes(before)

    world.server.before = leave
    if ending == "fails":
        world.server.fail("refresh", "status", times=99)
    with pytest.raises((NotSignedIn, RenewalPostponed)):
        world.cli.fresh()
    world.server.heal()
    world.file.write_bytes(before)
    assert world.cli.stored() is None
    with pytest.raises(NotSignedIn, match="signed out here"):
        world.cli.fresh()
    assert not world.file.exists()


def test_signed_in_anew_while_the_server_answered(world):
    world.sign_in()
    world.clock.turn(290)
    written = {}

    def sign_in_elsewhere(step: str) -> None:
        if step == "refresh":
            written.update(world.sign_in_by_go())

    world.server.after = sign_in_elsewhere
    session = world.cli.fresh()
    assert session.refresh_token.reveal() == written["refresh_token"] == world.stored()["refresh_token"]
    assert [one.refresh for one in world.model.live()] == [written["refresh_token"]]


def test_go_renewed_the_same_session_while_the_server_answered(world):
    """Inside the grace both get the same pair; whoever wrote last is right."""
    world.sign_in()
    spent = world.stored()["refresh_token"]
    world.clock.turn(290)

    def go_too(step: str) -> None:
        if step == "refresh":
            world.server.after = None
            _, answer = world.model._refresh({"refresh_token": spent})
            world.write_as_go(answer)

    world.server.after = go_too
    session = world.cli.fresh()
    assert session.refresh_token.reveal() == world.model.live()[0].refresh == world.stored()["refresh_token"]
    assert world.server.count("logout") == 0


def test_ours_is_later_than_a_late_write_of_another(world):
    world.sign_in()
    old = world.stored()
    world.clock.turn(290)

    def late_write(step: str) -> None:
        if step == "refresh":
            world.file.write_text(json.dumps(old | {"refresh_token": "rt_older"}))

    world.server.after = late_write
    session = world.cli.fresh()
    assert world.stored()["refresh_token"] == session.refresh_token.reveal() == world.model.live()[0].refresh


def test_the_file_is_torn_while_the_server_answered(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.after = lambda step: world.file.write_text('{"access_tok') if step == "refresh" else None
    session = world.cli.fresh()
    assert world.stored()["refresh_token"] == session.refresh_token.reveal()
