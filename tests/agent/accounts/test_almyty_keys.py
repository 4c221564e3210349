"""The keys that our own sign-ins made at almyty: whenever a process is killed, one stays valid, or it is said."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.almyty_server import AlmytyServer, almyty_server
from tests.fakes.loop_clock import FakeLoopClock
from tests.fakes.turned_clock import TurnedClock
from tests.process.killed_line import killed_before

import amika_agent
from amika_agent.accounts import almyty
from amika_agent.accounts.almyty_keys import end_left
from amika_agent.accounts.almyty_notes import OldKey, note, noted, notes_path
from amika_agent.accounts.almyty_sign_out import sign_out
from amika_agent.accounts.almyty_store import changing, delete_login
from amika_agent.engine.engine import Engine
from amika_agent.http.client import Http
from amika_local.almyty_file import AlmytyLogin, credentials_path, read_login
from amika_local.errors import Busy
from amika_shared.profile import resolve

AGENT = os.path.dirname(amika_agent.__file__)
WATCHED = (os.path.join(AGENT, "accounts", "almyty"), os.path.join(AGENT, "stores", "private_file"))
MOST = 2000
SILENT = (500, {})


@pytest.fixture
def server() -> Iterator[AlmytyServer]:
    with almyty_server() as server:
        yield server


@pytest.fixture
def where(server: AlmytyServer, tmp_path: Path) -> almyty.Place:
    return place(server, tmp_path / "almyty")


def place(server: AlmytyServer, folder: Path) -> almyty.Place:
    return almyty.Place(str(folder), server.url, server.url)


def signed_in(where: almyty.Place, http: Http) -> almyty.AlmytySignedIn:
    events = list(almyty.sign_in(where, http, TurnedClock(), cancel=threading.Event(), headless=True))
    assert isinstance(events[-1], almyty.AlmytySignedIn)
    return events[-1]


def login(where: almyty.Place) -> AlmytyLogin:
    found = read_login(credentials_path(where.folder))
    assert found is not None
    return found


# killed


def known_here(where: almyty.Place) -> set[str]:
    """Return the ids of the keys that this machine knows of."""
    found = read_login(credentials_path(where.folder))
    return {key.id for key in noted(where.folder)} | ({found.key_id} if found is not None else set())


def sign_in_alone(where: almyty.Place) -> None:
    with Http() as http:
        signed_in(where, http)


@pytest.mark.process
def test_a_sign_in_that_is_killed_anywhere_leaves_one_valid_key_at_the_next_start(server, where, http):
    signed_in(where, http)
    kills = noticed = 0
    for number in range(0, MOST, 9):
        before = login(where).key_id
        if not killed_before(number, lambda: sign_in_alone(where), WATCHED):
            break
        kills += 1
        known = known_here(where)
        noticed += len(known) > 1
        assert before in known or before not in server.keys, f"line {number}"
        end_left(where.folder, http)
        assert known & server.keys.keys() == {login(where).key_id}, f"line {number}"
        assert noted(where.folder) == [], f"line {number}"
    else:
        pytest.fail("the sign-in has no end")
    assert kills > 20
    assert noticed > 5, "the kills were between noting and ending too"


@pytest.mark.process
def test_a_sign_out_that_is_killed_anywhere_is_finished_by_the_next(server, where, http):
    kills = 0
    for number in range(0, MOST, 9):
        if not os.path.exists(credentials_path(where.folder)):
            signed_in(where, http)

        def leave() -> None:
            with Http() as own:
                sign_out(where.folder, own)

        if not killed_before(number, leave, WATCHED):
            break
        kills += 1
        assert server.keys.keys() <= known_here(where), f"line {number}"
        sign_out(where.folder, http)
        assert server.keys == {}, f"line {number}"
    else:
        pytest.fail("the sign-out has no end")
    assert kills > 5


def test_a_kill_before_the_old_key_is_ended_is_made_good_by_the_next_sign_in(server, where, http):
    signed_in(where, http)
    left_by_a_kill(server, where, http)
    assert signed_in(where, http).replaced == ""
    assert list(server.keys) == [login(where).key_id]
    assert not os.path.exists(notes_path(where.folder))


def test_or_by_the_next_sign_out(server, where, http):
    signed_in(where, http)
    left_by_a_kill(server, where, http)
    assert sign_out(where.folder, http).detail == "signed out of almyty; the key was deleted at the server"
    assert server.keys == {}


def left_by_a_kill(server: AlmytyServer, where: almyty.Place, http: Http) -> None:
    """Have a sign-in killed at the moment at which it asks for the deletion of the key before."""
    before = login(where).key_id
    said = server.server.say[f"/auth/api-keys/{before}"]
    child: list[int] = []
    forked = threading.Event()

    def kill(_: dict[str, str]) -> tuple[int, object]:
        assert forked.wait(30)
        os.kill(child[0], signal.SIGKILL)
        return 500, {}

    server.server.say[f"/auth/api-keys/{before}"] = kill
    child.append(os.fork())
    if not child[0]:
        try:
            sign_in_alone(where)
        finally:
            os._exit(0)
    forked.set()
    assert os.WIFSIGNALED(os.waitpid(child[0], 0)[1])
    server.server.say[f"/auth/api-keys/{before}"] = said
    assert [key.id for key in noted(where.folder)] == [before]
    assert before in server.keys
    assert login(where).key_id != before


# what is written


def test_the_note_is_private_and_holds_no_value(server, where, http):
    signed_in(where, http)
    token = login(where).token.reveal()
    server.fault = SILENT
    signed_in(where, http)
    path = Path(notes_path(where.folder))
    assert path.stat().st_mode & 0o777 == 0o600
    assert token not in path.read_text()
    assert token[:20] not in path.read_text()
    assert [key.id for key in noted(where.folder)] == ["key_1"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keys": 7}', '{"keys": [7, {"id": 7}, {}, {"id": ""}]}', "[" * 9000])
def test_a_note_that_cannot_be_understood_spoils_nothing(server, where, http, text):
    signed_in(where, http)
    Path(notes_path(where.folder)).write_text(text)
    assert noted(where.folder) == []
    assert signed_in(where, http).replaced == ""
    assert list(server.keys) == ["key_2"]


def test_where_nothing_can_be_noted_nothing_is_stored_and_the_new_key_is_ended(server, where, http):
    signed_in(where, http)
    Path(notes_path(where.folder)).symlink_to("/nowhere")
    with pytest.raises(almyty.Failed, match="symbolic link"):
        signed_in(where, http)
    assert list(server.keys) == [login(where).key_id] == ["key_1"]


# what cannot be done


def test_what_fails_now_is_told_and_done_by_the_next_start(server, where, http):
    signed_in(where, http)
    server.fault = SILENT
    assert "could not be deleted at the server" in signed_in(where, http).replaced
    end_left(where.folder, http)
    assert [key.why for key in noted(where.folder)] == [
        f"{server.url.removeprefix('http://')} could not answer (HTTP 500)"
    ]
    server.fault = None
    end_left(where.folder, http)
    assert list(server.keys) == ["key_2"]
    assert noted(where.folder) == []


def test_a_server_that_has_just_failed_is_not_asked_again_at_once(server, where, http):
    signed_in(where, http)
    server.fault = SILENT
    signed_in(where, http)
    assert server.server.count("/auth/api-keys/key_1") == 1


def test_a_sign_out_that_could_not_reach_the_server_is_made_good_by_the_next_login(server, where, http):
    signed_in(where, http)
    server.fault = SILENT
    assert sign_out(where.folder, http).revoked is False
    assert list(server.keys) == ["key_1"]
    server.fault = None
    end_left(where.folder, http)  # nobody is signed in: there is nothing to ask with
    assert list(server.keys) == ["key_1"]
    assert signed_in(where, http).replaced == ""
    assert list(server.keys) == ["key_2"]


def test_a_key_of_another_user_is_told_once_and_no_longer_kept(server, where, http):
    signed_in(where, http)
    server.fault = SILENT
    sign_out(where.folder, http)
    server.fault, server.email = None, "other@example.test"
    told = signed_in(where, http).replaced
    assert told == ("the key of an earlier almyty login (key_1) is still valid at the server: it is dev@example.test's")
    assert noted(where.folder) == []
    assert set(server.keys) == {"key_1", "key_2"}


def test_a_key_of_another_server_is_told_and_that_server_is_not_asked(server, where, http):
    signed_in(where, http)
    note(where.folder, OldKey("key_9", "https://api.example.test", "dev@example.test", "org_1"))
    assert (
        "(key_9) is still valid at the server: it is one of https://api.example.test"
        in sign_out(where.folder, http).detail
    )
    assert noted(where.folder) == []


def test_a_key_that_ended_meanwhile_is_struck_off(server, where, http):
    signed_in(where, http)
    note(where.folder, OldKey("key_9", server.url, "dev@example.test", "org_1"))
    end_left(where.folder, http)
    assert noted(where.folder) == []
    assert server.server.count("/auth/api-keys/key_9") == 0


def test_what_another_organization_does_not_list_is_not_taken_for_ended(server, where, http):
    signed_in(where, http)
    note(where.folder, OldKey("key_9", server.url, "dev@example.test", "org_2"))
    end_left(where.folder, http)
    assert [(key.id, key.final) for key in noted(where.folder)] == [("key_9", True)]


def test_a_note_leads_nowhere(server, where, http):
    """Whoever can write there could have keys of the login's own user deleted, and no more."""
    signed_in(where, http)
    asked = len(server.server.asked)
    note(where.folder, OldKey("../profile", "http://127.0.0.1:9", "dev@example.test", "org_1"))
    end_left(where.folder, http)
    assert len(server.server.asked) == asked


def test_who_is_in_the_middle_of_a_sign_in_is_left_alone(server, where, http):
    signed_in(where, http)
    note(where.folder, OldKey("key_9", server.url, "dev@example.test", "org_1"))
    with changing(where.folder), pytest.raises(Busy):
        end_left(where.folder, http)


# the agent


@pytest.fixture
def at_home(server: AlmytyServer, home: Path) -> almyty.Place:
    return place(server, home / ".almyty")


def problems(engine: Engine) -> list[dict[str, Any]]:
    return [one for one in engine.snapshot()["problems"] if one["code"] == "old_key"]


def test_the_start_of_an_agent_ends_what_a_killed_sign_in_left(server, at_home, http):
    signed_in(at_home, http)
    left_by_a_kill(server, at_home, http)
    engine = Engine(resolve(os.environ), dict(os.environ), FakeLoopClock(), "agent")
    engine.renew()
    assert list(server.keys) == [login(at_home).key_id]
    assert problems(engine) == []
    engine.close()


def test_the_agent_says_what_it_cannot_end_and_tries_again(server, at_home, http):
    signed_in(at_home, http)
    left_by_a_kill(server, at_home, http)
    server.fault = SILENT
    clock = FakeLoopClock()
    engine = Engine(resolve(os.environ), dict(os.environ), clock, "agent")
    engine.renew()
    assert ["(key_1) is still valid at the server" in one["message"] for one in problems(engine)] == [True]
    asked, due = len(server.server.asked), engine.renew_due()
    assert due is not None
    engine.renew()
    assert len(server.server.asked) == asked, "not at once"
    clock._wall = due
    server.fault = None
    engine.renew()
    assert problems(engine) == []
    assert list(server.keys) == [login(at_home).key_id]
    assert engine.renew_due() is None
    engine.close()


def test_a_clock_that_was_set_back_makes_the_pause_no_day(server, at_home, http):
    signed_in(at_home, http)
    note(at_home.folder, OldKey("key_9", server.url, "dev@example.test", "org_1"))
    server.server.say["/auth/api-keys"] = SILENT
    clock = FakeLoopClock()
    engine = Engine(resolve(os.environ), dict(os.environ), clock, "agent")
    engine.renew()
    clock._wall -= 86400.0
    del server.server.say["/auth/api-keys"]
    asked = len(server.server.asked)
    engine.renew()
    assert len(server.server.asked) > asked
    engine.close()


def test_nothing_is_tried_without_a_login(server, at_home, http):
    signed_in(at_home, http)
    note(at_home.folder, OldKey("key_9", server.url, "dev@example.test", "org_1"))
    delete_login(at_home.folder)
    engine = Engine(resolve(os.environ), dict(os.environ), FakeLoopClock(), "agent")
    asked = len(server.server.asked)
    engine.renew()
    assert (len(server.server.asked), engine.renew_due(), problems(engine)) == (asked, None, [])
    engine.close()


def test_only_the_last_few_are_kept(where):
    for number in range(30):
        note(where.folder, OldKey(f"key_{number}"))
    assert noted(where.folder)[0].id == "key_10"
    assert len(json.loads(Path(notes_path(where.folder)).read_text())["keys"]) == 20
