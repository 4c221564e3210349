"""A session is renewed in time, once, and by whoever needs it."""

from __future__ import annotations

import hashlib
import stat

import pytest

from amika_local.errors import Failed, NotSignedIn


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_nobody_is_signed_in(world):
    with pytest.raises(NotSignedIn) as caught:
        world.cli.fresh()
    assert "amika auth login" in caught.value.remedy
    assert world.cli.due_at() is None
    assert world.server.seen == []


def test_a_good_token_is_used_without_any_request(world):
    world.sign_in()
    assert world.cli.bearer().reveal() == world.stored()["access_token"]
    assert world.server.seen == []


@pytest.mark.parametrize(
    ("role", "left", "renewed"), [("cli", 80, 0), ("cli", 74, 1), ("agent", 101, 0), ("agent", 89, 1)]
)
def test_lead_of_agent_and_command(world, role, left, renewed):
    world.sign_in()
    world.edit_meta(got="")  # somebody else's token: no cap
    world.clock.turn(300 - left)
    world.keeper(role).fresh()
    assert world.server.count("refresh") == renewed


def test_the_agent_is_earlier_than_the_command_and_both_earlier_than_go(world):
    world.sign_in()
    end = world.cli.stored().expiry()
    assert end - world.agent.due_at() >= 90
    assert 90 > end - world.cli.due_at() >= 75


def test_the_lead_grows_with_the_lifetime(world):
    world.model.lifetime = 3600
    world.sign_in()
    lead = world.cli.stored().expiry() - world.agent.due_at()
    assert 720 <= lead <= 730


@pytest.mark.parametrize("lifetime", [20, 60, 100])
def test_short_lifetimes_do_not_loop(world, lifetime):
    world.model.lifetime = lifetime
    world.sign_in()
    for _ in range(5):
        world.agent.fresh()
        world.cli.fresh()
    assert world.server.count("refresh") == 0
    world.clock.turn(lifetime * 0.6)
    world.agent.fresh()
    world.agent.fresh()
    assert world.server.count("refresh") == 1


def test_never_twice_within_ten_seconds(world):
    world.model.lifetime = 4
    world.sign_in()
    world.clock.turn(3)
    world.cli.fresh()
    world.cli.fresh(force=True)
    assert world.server.count("refresh") == 0


def test_renewed_and_stored(world):
    world.sign_in()
    before = world.stored()
    world.clock.turn(290)
    session = world.cli.fresh()
    after = world.stored()
    assert after["refresh_token"] == session.refresh_token.reveal() != before["refresh_token"]
    assert after["email"] == "dev@example.com"
    assert stat.S_IMODE(world.file.stat().st_mode) == 0o600
    assert world.meta.got == digest(after["refresh_token"])
    assert (world.meta.rt, world.meta.sent_at) == ("", 0.0)
    assert world.files() == {"workos-session.json", ".session.lock", ".session.meta"}


def test_the_request_is_what_the_service_documents(world):
    world.sign_in()
    spent = world.stored()["refresh_token"]
    world.clock.turn(290)
    world.cli.fresh()
    assert world.server.seen[-1].form == {
        "grant_type": "refresh_token",
        "refresh_token": spent,
        "client_id": world.model.client_id,
    }


def test_an_answer_without_user_organization_or_refresh_token_keeps_the_old_ones(world):
    world.sign_in()
    before = world.stored()
    world.model.omit = {"user", "organization_id", "refresh_token"}
    world.clock.turn(290)
    world.cli.fresh()
    after = world.stored()
    assert after["access_token"] != before["access_token"]
    for kept in ("email", "user_id", "organization_id", "refresh_token"):
        assert after[kept] == before[kept]


def test_fields_that_other_programs_added_are_kept(world):
    world.sign_in_by_go(theme="dark")
    world.clock.turn(290)
    world.cli.fresh()
    assert world.stored()["theme"] == "dark"


def test_a_new_session_id_at_every_renewal_is_the_same_login(world):
    world.model.new_sid_per_refresh = True
    world.sign_in()
    for _ in range(3):
        world.clock.turn(290)
        world.cli.fresh()
    assert world.server.count("refresh") == 3
    assert world.server.count("logout") == 0


def test_a_token_from_go_is_taken_over(world):
    content = world.sign_in_by_go()
    assert world.cli.bearer().reveal() == content["access_token"]
    world.clock.turn(290)
    world.agent.fresh()
    assert world.stored()["refresh_token"] != content["refresh_token"]


def test_another_process_renewed_meanwhile(world):
    """Between our look and our lock the file got a new token: it is used, whatever the lead."""
    world.sign_in()
    world.clock.turn(290)
    seen = world.cli.stored()
    world.model.lifetime = 60  # less than the lead
    world.agent.fresh()
    from amika_agent.session.renewal import renew

    assert renew(world.cli._parts, seen).refresh_token.reveal() == world.stored()["refresh_token"]
    assert world.server.count("refresh") == 1


def test_forced_renewal_after_a_401(world):
    world.sign_in()
    world.clock.turn(60)
    before = world.cli.bearer()
    after = world.cli.bearer(force=True)
    assert after != before
    assert world.server.count("refresh") == 1


def test_a_refused_token_that_is_gone_already_costs_no_renewal(world):
    world.sign_in()
    world.clock.turn(60)
    world.cli.bearer()
    world.agent.fresh(force=True)
    world.clock.turn(60)
    assert world.cli.bearer(force=True).reveal() == world.stored()["access_token"]
    assert world.server.count("refresh") == 1


# the clock is wrong


@pytest.mark.parametrize("off", [-86400.0, 86400.0])
def test_a_clock_off_by_a_day_is_learned_and_unlearned(world, server, off):
    world.sign_in()
    world.clock.set_wall(off)
    real = world.clock.now
    server.model.now = lambda: real() - off
    if off > 0:
        world.cli.fresh()  # everything looks expired: renewed
    else:
        world.cli.fresh()  # more left than a token ever has: renewed
    assert world.server.count("refresh") == 1
    assert world.meta.skew == pytest.approx(off, abs=1)
    for _ in range(5):
        world.clock.turn(20)
        world.cli.fresh()
    assert world.server.count("refresh") == 1, "a learned skew must not renew again and again"
    assert 0 < world.left() <= 300
    # the person sets the clock right
    world.clock.set_wall(-off)
    server.model.now = world.clock.now
    world.cli.fresh()
    assert world.server.count("refresh") == 2
    assert world.meta.skew == 0
    assert 0 < world.left() <= 300


def test_a_small_difference_is_no_skew(world, server):
    world.sign_in()
    real = world.clock.now
    server.model.now = lambda: real() - 5
    world.clock.turn(290)
    world.cli.fresh()
    assert world.meta.skew == 0


# opaque tokens


def test_opaque_tokens_live_by_expires_in(world):
    world.cli.accept({"access_token": "opaque", "refresh_token": "rt", "expires_in": 600})
    assert world.left() == pytest.approx(600, abs=1)
    assert world.cli.bearer().reveal() == "opaque"


def test_a_token_without_any_expiry_is_used_until_it_is_refused(world):
    world.cli.accept({"access_token": "opaque", "refresh_token": "rt"})
    world.clock.turn(10**6)
    assert world.cli.bearer().reveal() == "opaque"
    assert world.cli.due_at() is None


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 5}, {"access_token": None}])
def test_an_answer_without_a_token_is_not_accepted(world, answer):
    with pytest.raises(Failed, match="no access token"):
        world.cli.accept(answer)
    assert not world.file.exists()


# organizations


def test_switch_organization(world):
    world.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    world.sign_in()
    session = world.cli.switch_organization("org_02BETA")
    assert session.organization_id == world.stored()["organization_id"] == "org_02BETA"
    assert world.server.seen[-1].form["organization_id"] == "org_02BETA"


def test_a_refused_switch_leaves_the_session_alone(world):
    world.sign_in()
    before = world.file.read_bytes()
    with pytest.raises(Failed, match="organization"):
        world.cli.switch_organization("org_09NONE")
    assert world.file.read_bytes() == before
    world.clock.turn(290)
    world.cli.fresh()
