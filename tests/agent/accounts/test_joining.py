"""A second caller of a sign-in joins the first, in real time: it waits for a lock."""

from __future__ import annotations

import os
import threading

import pytest
from tests.fakes.workos_server import WorkosServer

from amika_agent.accounts.amika import (
    CodeReady,
    SignedIn,
    SignInCancelled,
    SignInDenied,
    Waiting,
    sign_in,
)
from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import Conflict, UsageError

TWO = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]


@pytest.fixture
def pair(tmp_path, http):
    with WorkosServer() as server:
        endpoints = resolve_endpoints({}, local_url=server.url)
        clock = SystemClock()

        class Pair:
            cancel = threading.Event()
            model = server.model
            keeper = SessionKeeper(str(tmp_path), endpoints, http, clock, role="cli")

            def start(self, cancel=None, **more):
                return sign_in(endpoints, http, clock, cancel=cancel or self.cancel, keeper=self.keeper, **more)

        pair = Pair()
        pair.server = server
        yield pair


def test_a_second_caller_joins_the_first(pair):
    first = pair.start()
    code = next(first)
    second = pair.start()
    joined = next(second)
    assert (joined.user_code, joined.joined) == (code.user_code, True)
    ends: list[object] = []
    thread = threading.Thread(target=lambda: ends.extend(second))
    thread.start()
    pair.model.approve(code.user_code)
    assert isinstance(list(first)[-1], SignedIn)
    thread.join(10)
    assert ends == [SignedIn("dev@example.com", "org_01ACME")]
    assert pair.server.count("device") == 1


def test_the_second_is_signed_in_although_the_first_leaves_as_soon_as_it_is(pair):
    """As a command does: nobody asks its iterator for more once it has said that it is done."""
    first, second = pair.start(), pair.start()
    pair.model.approve(next(first).user_code)
    next(second)
    assert isinstance(next(event for event in first if not isinstance(event, Waiting)), SignedIn)
    first.close()
    assert isinstance(list(second)[-1], SignedIn)
    assert pair.server.count("device") == 1


@pytest.mark.parametrize(
    ("wanted", "organization", "renewals"),
    [
        ("org_02BETA", "org_02BETA", 1),
        ("beta", "org_02BETA", 1),
        ("org_01ACME", "org_01ACME", 0),
        ("acme", "org_01ACME", 0),
    ],
)
def test_the_second_is_in_the_organization_that_it_was_asked_for(pair, wanted, organization, renewals):
    pair.model.organizations = TWO
    first, second = pair.start(organization="Acme"), pair.start(organization=wanted)
    pair.model.approve(next(first).user_code)
    next(second)
    list(first)
    assert list(second)[-1] == SignedIn("dev@example.com", organization)
    assert pair.keeper.stored().organization_id == organization
    assert len(pair.model.live()) == 1
    assert pair.server.count("refresh") == renewals


def test_the_second_is_told_when_its_organization_is_unknown(pair):
    pair.model.organizations = TWO
    first, second = pair.start(organization="Acme"), pair.start(organization="Initech")
    pair.model.approve(next(first).user_code)
    next(second)
    list(first)
    with pytest.raises(Conflict, match="another organization") as caught:
        list(second)
    assert "switch-org" in caught.value.remedy


def test_the_second_goes_on_with_a_code_of_its_own_when_the_first_is_cancelled(pair):
    first, second = pair.start(), pair.start()
    code = next(first)
    next(second)
    first.close()
    own = next(event for event in second if isinstance(event, CodeReady))
    assert (own.joined, own.user_code == code.user_code) == (False, False)
    pair.model.approve(own.user_code)
    assert isinstance(list(second)[-1], SignedIn)


def test_the_second_hears_that_the_first_was_denied(pair):
    first, second = pair.start(), pair.start()
    code = next(first)
    next(second)
    pair.model.deny(code.user_code)
    with pytest.raises(SignInDenied):
        list(first)
    with pytest.raises(SignInDenied):
        list(second)


def test_the_second_takes_over_when_the_first_is_killed(pair, tmp_path):
    first, second = pair.start(), pair.start()
    next(first)
    next(second)
    os.utime(tmp_path / ".sign-in.json")
    record = (tmp_path / ".sign-in.json").read_bytes()
    first.close()
    # a kill leaves the record as it was, and frees the lock
    (tmp_path / ".sign-in.json").write_bytes(record)
    taken = next(event for event in second if isinstance(event, CodeReady))
    assert taken.joined is False
    second.close()


def test_the_second_may_leave_without_harm(pair):
    first = pair.start()
    code = next(first)
    leave = threading.Event()
    second = pair.start(cancel=leave)
    next(second)
    leave.set()
    with pytest.raises(SignInCancelled):
        next(second)
    pair.model.approve(code.user_code)
    assert isinstance(list(first)[-1], SignedIn)


def test_the_second_is_told_where_the_choice_is_made(pair):
    pair.model.organizations = TWO
    asked, go_on = threading.Event(), threading.Event()

    def choose(choices):
        asked.set()
        go_on.wait(10)
        return choices[0].id

    first = pair.start(choose_organization=choose)
    pair.model.approve(next(first).user_code)
    rest: list[object] = []
    thread = threading.Thread(target=lambda: rest.extend(first))
    second = pair.start()
    next(second)
    thread.start()
    assert asked.wait(10)
    heard = next(second)
    assert isinstance(heard, Waiting)
    assert "organization" in heard.message
    go_on.set()
    assert isinstance(list(second)[-1], SignedIn)
    thread.join(10)


def test_a_sign_in_to_another_server_is_not_joined(pair, tmp_path, http):
    first = pair.start()
    next(first)
    other = resolve_endpoints({}, local_url="http://127.0.0.1:9")
    keeper = SessionKeeper(str(tmp_path), other, http, SystemClock(), role="cli")
    with pytest.raises(UsageError, match="another server"):
        next(sign_in(other, http, SystemClock(), cancel=threading.Event(), keeper=keeper))
    first.close()
