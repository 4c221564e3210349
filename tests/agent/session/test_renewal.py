from __future__ import annotations

import hashlib
import json
import stat

import pytest
from tests.agent.session.successor import stage
from tests.fakes.workos_server import WorkosServer

from amika_agent.session.keeper import RenewalPostponed, SessionEnded, SessionKeeper
from amika_agent.stores.private_file import locked
from amika_local.errors import Busy, Failed, NotSignedIn, UsageError
from amika_local.session_file import SessionFileError


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


# the server ends it


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


# lost answers


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
    assert world.meta.sent(digest(json.loads(before)["refresh_token"]))


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


# a killed process


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
    assert seen["meta"].sent(digest(spent))


# somebody else is quicker


def test_signed_out_while_the_server_answered(world):
    world.sign_in()
    world.clock.turn(290)
    world.server.after = lambda step: world.file.unlink() if step == "refresh" else None
    with pytest.raises(NotSignedIn, match="signed out while"):
        world.cli.fresh()
    assert not world.file.exists()
    assert not world.next.exists()
    assert world.model.live() == [], "the new pair is revoked, nobody holds it"


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


# torn and damaged files


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


# servers


def test_a_session_is_bound_to_the_certificates_its_servers_are_known_by(world):
    """XDG_CONFIG_HOME names a settings file that trusts a certificate of its author: any server could be ours."""
    real = type(world.endpoints)("https://real.example", "https://real.example", "client")
    world.sign_in_by_go()
    world.keeper("cli", real).fresh()
    trusting = type(real)("https://real.example", "https://real.example", "client", ca_file="/repository/ca.pem")
    with pytest.raises(UsageError, match=r"certificates of /repository/ca\.pem"):
        world.keeper("cli", trusting).bearer()
    with pytest.raises(UsageError):
        world.keeper("agent", trusting).fresh(force=True)
    assert world.keeper("cli", real).bearer().reveal() == world.stored()["access_token"]


def test_a_link_to_a_login_is_no_first_use(world, tmp_path):
    """AMIKA_STATE_DIRECTORY names a folder with nothing but a link: what is known of the login lies elsewhere."""
    world.sign_in_by_go()
    folder = tmp_path / "of a repository"
    folder.mkdir()
    (folder / "workos-session.json").symlink_to(world.file)
    there = SessionKeeper(str(folder), world.endpoints, world.http, world.clock, role="cli")
    for attempt in (there.bearer, lambda: there.fresh(force=True)):
        with pytest.raises(UsageError, match="symbolic link"):
            attempt()
    assert world.server.seen == []
    assert not (folder / ".session.meta").exists()


def test_a_session_is_bound_to_its_servers(world, server):
    world.sign_in()
    elsewhere = world.keeper("cli", type(world.endpoints)("https://evil.example", "https://evil.example", "client"))
    for attempt in (
        elsewhere.fresh,
        lambda: elsewhere.fresh(force=True),
        lambda: elsewhere.switch_organization("org_x"),
    ):
        with pytest.raises(UsageError, match="signed in to another server"):
            attempt()
    assert server.seen == []


def test_the_api_alone_or_the_sign_in_service_alone_is_enough_to_refuse(world):
    world.sign_in()
    for api, workos in ((world.server.url, "https://evil.example"), ("https://evil.example", world.server.url)):
        with pytest.raises(UsageError):
            world.keeper("cli", type(world.endpoints)(api, workos, "client")).fresh()


def test_a_file_that_go_wrote_is_bound_at_its_first_use(world):
    world.sign_in_by_go()
    world.cli.fresh()
    with pytest.raises(UsageError):
        world.keeper("cli", type(world.endpoints)("https://evil.example", "https://evil.example", "client")).fresh()


def test_the_binding_survives_a_renewal_by_go_and_by_us(world):
    world.sign_in()
    world.clock.turn(290)
    world.cli.fresh()
    _, answer = world.model._refresh({"refresh_token": world.stored()["refresh_token"]})
    world.write_as_go(answer)
    with pytest.raises(UsageError):
        world.keeper("cli", type(world.endpoints)("https://evil.example", "https://evil.example", "client")).fresh()


def test_another_port_on_this_machine_is_the_same_server(world, clock):
    world.sign_in()
    with WorkosServer(now=clock.now) as other:
        from amika_agent.accounts.endpoints import resolve_endpoints

        world.keeper("cli", resolve_endpoints({}, local_url=other.url)).fresh()


def test_a_sign_in_binds_before_the_session_is_on_disk(world):
    """Killed between the two: the old session must still know where it belongs."""
    world.sign_in()
    sid = world.cli.stored().session_id
    evil = type(world.endpoints)("https://evil.example", "https://evil.example", "client")
    world.keeper("cli", evil)._parts.meta  # noqa: B018 -- built, not used
    meta = world.meta
    meta.bind("session_new", evil.origin, evil.issuer)
    from amika_agent.session.meta import MetaFile

    MetaFile(str(world.state)).write(meta)
    assert world.meta.bindings[sid] == ["loopback", "loopback"]
    with pytest.raises(UsageError):
        world.keeper("cli", evil).fresh()
