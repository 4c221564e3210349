"""A command beside a running agent in keychain mode: the agent renews, the command takes what it brought."""

from __future__ import annotations

import pytest

from amika_agent.session.keeper import SessionEnded


def beside(world, agent, asked, **more):
    """Return a command's keeper, and have the agent do what a real one does when it is told to look."""

    def ask() -> bool:
        asked.append(world.clock.monotonic())
        agent()
        return True

    return world.keeper("cli", store="keychain", agent=ask, **more)


def test_the_agent_renews_what_is_in_the_keyring_and_a_command_takes_it(world, keychain, ring):
    keychain.accept(world.model.open_session())
    asked: list[float] = []
    agent = world.keeper("agent", store="keychain")
    command = beside(world, agent.fresh, asked)
    assert command.fresh().access_token == keychain.stored().access_token
    assert asked == [], "while the token is good nobody is asked"
    world.clock.turn(290)
    ring_before = ring.items()
    token = command.bearer()
    assert token == agent.bearer()
    assert (len(asked), world.server.count("refresh")) == (1, 1)
    assert ring.items() != ring_before
    assert len(world.model.live()) == 1


def test_a_command_that_came_too_late_takes_what_the_agent_had_brought(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    agent = world.keeper("agent", store="keychain")
    command = beside(world, lambda: None, [])
    command.named()
    seen = command.stored()
    agent.fresh()
    assert command._renew(seen, None).access_token == agent.stored().access_token
    assert world.server.count("refresh") == 1
    assert world.clock.slept == []


def test_an_agent_that_brings_nothing_is_no_reason_to_be_signed_out(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    asked: list[float] = []
    command = beside(world, lambda: None, asked)
    assert command.fresh()
    assert (len(asked), world.server.count("refresh")) == (1, 1)
    assert sum(world.clock.slept) == pytest.approx(5, abs=0.1)


def test_nobody_waits_for_an_agent_that_is_not_there(world, keychain):
    keychain.accept(world.model.open_session())
    world.clock.turn(290)
    command = world.keeper("cli", store="keychain", agent=lambda: False)
    assert command.fresh()
    assert world.clock.slept == []


def test_nobody_waits_for_what_no_agent_can_bring(world, keychain):
    """The server has refused this token for good: an agent would not send it again either."""
    keychain.accept(world.model.open_session())
    world.model.sessions.clear()
    world.clock.turn(290)
    with pytest.raises(SessionEnded):
        keychain.fresh()
    asked: list[float] = []
    with pytest.raises(SessionEnded):
        beside(world, lambda: None, asked).fresh()
    assert asked == []


def test_a_session_in_the_file_is_renewed_by_whoever_needs_it(world):
    world.sign_in()
    world.clock.turn(290)
    asked: list[float] = []
    assert world.keeper("cli", agent=lambda: bool(asked.append(1.0))).fresh()
    assert (asked, world.server.count("refresh")) == ([], 1)
