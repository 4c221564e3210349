"""What a person decides while something is on its way to the server: nothing of either is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.agent.sync.world import Machine, claude
from tests.fakes.discoveries import discovery
from tests.fakes.secrets_server import FakeSecretsServer

from amika_agent.clock import SystemClock
from amika_local.errors import NotFound

RULE = "claude-oauth"


@pytest.fixture
def laptop(server: FakeSecretsServer, tmp_path: Path) -> Iterator[Machine]:
    """A machine in real time: two of its threads wait for each other."""
    machine = Machine(tmp_path / "laptop", server, SystemClock())
    machine.remote.run(login("one"))
    yield machine
    machine.close()


def login(token: str):
    return discovery(claude(token, expires_at=None))


@contextmanager
def under_way(server: FakeSecretsServer, until: Callable, work: Callable[[], object], method: str) -> Iterator[None]:
    """Begin `work` and go on when its next request of this method is at the server, which answers when this ends."""
    before = len(server.requests)
    server.faults.add("slow", method=method)

    def done() -> None:
        with suppress(NotFound):
            work()

    thread = threading.Thread(target=done)
    thread.start()
    until(lambda: any(one.fault == "slow" for one in server.requests[before:]), "the request")
    try:
        yield
    finally:
        server.faults.release()
        thread.join(30)
        assert not thread.is_alive()


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("choice", ["accept", "adopt"])
def test_a_rule_that_is_forgotten_during_an_answer_stays_forgotten(laptop, server, until, choice):
    with under_way(server, until, lambda: laptop.remote.resolve(RULE, choice, login("one")), "GET"):
        forgetting = in_a_thread(lambda: laptop.remote.forget(RULE))
        forgetting.join(0.3)  # without a lock it would be over now
    forgetting.join(30)
    assert laptop.db.rules(laptop.key) == []
    assert laptop.db.pushed(laptop.key) == {}


def test_a_rule_that_is_paused_during_an_answer_stays_paused(laptop, server, until):
    with under_way(server, until, lambda: laptop.remote.resolve(RULE, "accept", login("one")), "GET"):
        laptop.db.change_rule(laptop.key, RULE, paused_until=float("inf"))
    assert laptop.db.rule(laptop.key, RULE).paused_until == float("inf")


@pytest.mark.parametrize("choice", ["restore", "accept"])
def test_an_answer_during_a_push_does_not_make_that_push_somebody_elses(laptop, server, until, choice):
    with under_way(server, until, lambda: laptop.remote.run(login("two")), "POST"):
        answering = in_a_thread(lambda: laptop.remote.resolve(RULE, choice, login("two")))
        answering.join(0.3)
    answering.join(30)
    (record,) = server.records("claude")
    assert laptop.db.pushed(laptop.key)[RULE].remote_id == record["id"]
    (outcome,) = laptop.remote.run(login("two"))
    assert (outcome.did, outcome.code) == ("replaced", "replaced")
    assert laptop.db.pushed(laptop.key)[RULE].won == 0, "nobody else was there"


def test_a_rule_that_is_forgotten_is_not_changed_back_into_being(laptop):
    rule = laptop.db.rule(laptop.key, RULE)
    laptop.remote.forget(RULE)
    with pytest.raises(NotFound):
        laptop.db.change_rule(laptop.key, rule.id, paused_until=None)
    assert laptop.db.rules(laptop.key) == []


def test_what_two_change_at_a_rule_both_stays(laptop):
    laptop.db.change_rule(laptop.key, RULE, on_removal="ask")
    laptop.db.change_rule(laptop.key, RULE, paused_until=5.0)
    rule = laptop.db.rule(laptop.key, RULE)
    assert (rule.on_removal, rule.paused_until) == ("ask", 5.0)
