"""The server ends a session."""

from __future__ import annotations

import pytest

from amika_agent.session.keeper import SessionEnded
from amika_local.errors import NotSignedIn


@pytest.mark.parametrize(
    ("error", "words"),
    [("invalid_grant", "ended elsewhere"), ("mfa_enrollment", "second factor"), ("sso_required", "single sign-on")],
)
def test_terminal_answers_sign_out_and_are_remembered(world, error, words):
    world.sign_in()
    before = world.file.read_bytes()
    world.clock.turn(290)
    world.model.refresh_error = error
    with pytest.raises(SessionEnded, match=words) as caught:
        world.cli.fresh()
    assert caught.value.reason == error
    assert world.file.read_bytes() == before
    with pytest.raises(SessionEnded, match=words):
        world.agent.fresh()
    assert world.server.count("refresh") == 1
    assert world.cli.due_at() is None
    world.model.refresh_error = ""
    world.sign_in()
    world.cli.fresh()


def test_a_refused_token_is_looked_at_again_before_it_counts(world):
    """Another program renewed with the same token and writes its pair a moment later."""
    world.sign_in()
    world.clock.turn(290)
    world.model.refresh_error = "invalid_grant"

    def go_writes(seconds: float) -> None:
        world.model.refresh_error = ""
        spent = world.stored()["refresh_token"]
        _, answer = world.model._refresh({"refresh_token": spent})
        world.write_as_go(answer)
        world.clock.on_sleep = None

    world.clock.on_sleep = go_writes
    assert world.cli.fresh().refresh_token.reveal() == world.stored()["refresh_token"]
    assert world.meta.rejected == ""


def test_a_refused_token_is_sent_once_and_waited_for(world):
    world.sign_in()
    world.clock.turn(290)
    world.model.refresh_error = "invalid_grant"
    with pytest.raises(SessionEnded):
        world.cli.fresh()
    assert world.clock.slept == [0.5, 0.5, 1.0]


def test_signed_out_while_the_refusal_was_looked_at(world):
    world.sign_in()
    world.clock.turn(290)
    world.model.refresh_error = "invalid_grant"
    world.clock.on_sleep = lambda _: world.file.unlink(missing_ok=True)
    with pytest.raises(NotSignedIn, match="not signed in"):
        world.cli.fresh()


def test_a_token_that_cannot_be_renewed(world):
    world.sign_in_by_go(refresh_token="")
    assert world.cli.fresh()
    world.clock.turn(301)
    with pytest.raises(SessionEnded, match="cannot be renewed"):
        world.cli.fresh()
    assert world.server.seen == []
