"""Logins of almyty and AKOS as status and menu show them: who, until when, and what is wrong with one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.fakes.loop_clock import FakeLoopClock

from amika_agent.clock import SystemClock
from amika_agent.engine.engine import Engine
from amika_agent.engine.other_accounts import SOON, next_turn, own_environment, read
from amika_local import rfc3339
from amika_shared.profile import Profile, resolve

NOW = 1_800_000_000.0


@pytest.fixture
def profile(home: Path) -> Profile:
    return resolve(os.environ)


@pytest.fixture
def almyty(home: Path) -> Path:
    (home / ".almyty").mkdir(mode=0o700)
    return home / ".almyty" / "credentials.json"


@pytest.fixture
def akos(profile: Profile) -> Path:
    Path(profile.data_dir).mkdir(parents=True)
    return Path(profile.data_dir) / "akos-session.json"


def login(path: Path, **more: object) -> None:
    path.write_text(json.dumps({"url": "https://api.example.test", "token": "almyty_fake", "email": "a@b.c", **more}))


def test_nobody_is_no_account_and_no_problem(profile):
    assert read(profile, {}, NOW) == ((), [])


def test_a_login_that_lasts_is_no_problem(profile, almyty, akos):
    login(almyty, expiresAt=rfc3339.text(NOW + SOON + 60))
    akos.write_text(
        json.dumps({"access_token": "fake", "refresh_token": "fake", "expires_at": NOW - 5, "user_id": "u"})
    )
    accounts, problems = read(profile, {}, NOW)
    assert [(one["service"], one["signed_in"], one["method"]) for one in accounts] == [
        ("almyty", True, "stored_api_key"),
        ("akos", True, "session"),
    ]
    assert problems == []


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("{", "malformed", "not valid JSON"),
        ("{}", "blank", "holds no token"),
        ({"expiresAt": rfc3339.text(NOW - 60)}, "expired", "expired on"),
        ({"expiresAt": rfc3339.text(NOW + SOON - 60)}, "expires_soon", "ends on"),
    ],
)
def test_what_is_wrong_with_almytys_login_is_a_problem_with_its_command(profile, almyty, content, code, words):
    almyty.write_text(content) if isinstance(content, str) else login(almyty, **content)
    accounts, (problem,) = read(profile, {}, NOW)
    assert [one["service"] for one in accounts] == ["almyty"]
    assert (problem.code, problem.source, problem.path) == (code, "almyty", str(almyty))
    assert words in problem.message
    assert "amika auth login almyty" in problem.remedy


def test_a_directory_in_its_place_says_to_move_it(profile, almyty):
    almyty.mkdir()
    (problem,) = read(profile, {}, NOW)[1]
    assert problem.message == f"{almyty} is a directory"
    assert "Move it away" in problem.remedy


def test_a_session_that_the_server_ended_needs_the_person(profile, akos):
    akos.write_text(json.dumps({"access_token": "fake", "refresh_token": "fake", "rejected": "0" * 64}))
    (account,), (problem,) = read(profile, {}, NOW)
    assert account["signed_in"] is False
    assert (problem.code, problem.source) == ("expired", "akos")
    assert "ended the AKOS session" in problem.message


def test_the_local_workspace_is_an_account_of_its_own(home):
    env = {"ALMYTY_TOKEN": "almyty_fake", "AKOS_TOKEN": "fake", "PATH": "/bin"}
    local = resolve(os.environ, local=True)
    assert own_environment(local, env) == {"PATH": "/bin"}
    assert read(local, own_environment(local, env), NOW) == ((), [])
    accounts, _ = read(resolve(os.environ), env, NOW)
    assert [(one["service"], one["method"]) for one in accounts] == [("almyty", "env_api_key"), ("akos", "env_api_key")]


def test_the_end_of_a_login_is_told_in_time_although_no_file_changes(profile, almyty):
    """An agent that runs for a month with nothing else to do has to look at the right moment."""
    end = NOW + 30 * 86400
    login(almyty, expiresAt=rfc3339.text(end))
    now, told = NOW, []
    for _ in range(5):
        accounts, problems = read(profile, {}, now)
        told.append([problem.code for problem in problems])
        turn = next_turn(accounts, now)
        if turn is None:
            break
        assert turn > now
        now = turn
    assert told == [[], ["expires_soon"], ["expired"]]
    assert now == end + 1


def test_a_login_without_an_end_asks_for_no_look(profile, almyty):
    login(almyty)
    accounts, _ = read(profile, {}, NOW)
    assert len(accounts) == 1
    assert next_turn(accounts, NOW) is None


@pytest.mark.parametrize("role", ["agent", "cli"])
def test_the_engine_looks_again_when_the_end_of_a_login_comes_near(home, profile, almyty, role):
    clock = FakeLoopClock()
    end = clock.now() + 30 * 86400
    login(almyty, expiresAt=rfc3339.text(end))
    engine = Engine(profile, dict(os.environ), clock, role)
    engine.renew()
    assert engine.snapshot()["problems"] == []
    due = engine.renew_due()
    assert due == end - SOON
    clock._wall = due
    engine.renew()
    assert [problem["code"] for problem in engine.snapshot()["problems"]] == ["expires_soon"]
    engine.close()


def test_the_agent_leaves_a_server_alone_that_asked_to_wait(profile, akos):
    clock = FakeLoopClock()
    until = clock.now() + 600.0
    session = {
        "access_token": "fake",
        "refresh_token": "fake",
        "expires_at": clock.now() - 5.0,
        "api_url": "http://127.0.0.1:9",
        "token_url": "http://127.0.0.1:9/token",
        "not_before": until,
    }
    akos.write_text(json.dumps(session))
    engine = Engine(profile, dict(os.environ), clock, "agent")
    for _ in range(3):
        engine.renew()
        assert engine.renew_due() == until
        clock._wall += 20.0
    assert json.loads(akos.read_text()) == session
    engine.close()


def test_a_login_of_another_program_is_seen_when_it_comes_and_goes(home, profile, almyty, until):
    engine = Engine(profile, dict(os.environ), SystemClock(), "agent")
    told: list[frozenset[str]] = []
    engine.watch(told.append)
    try:
        login(almyty)
        until(lambda: frozenset({"session"}) in told, "the login")
        told.clear()
        almyty.unlink()
        until(lambda: frozenset({"session"}) in told, "its end")
    finally:
        engine.unwatch()
        engine.close()
