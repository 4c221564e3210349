"""Each request of a replacement goes wrong in each way; afterwards there is exactly one record, and never was none."""

from __future__ import annotations

import contextlib

import pytest
from tests.agent.sync.world import claude, names, never_none, token_of
from tests.fakes.discoveries import discovery

from amika_agent.session.parts import RenewalPostponed
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.remote import RemoteSync
from amika_agent.sync.replace import State
from amika_local.errors import AmikaError, Busy, NotSignedIn, UsageError
from amika_local.secret import Secret

STEPS = {
    "bridge": ("POST", 0),
    "delete old": ("DELETE", 0),
    "create": ("POST", 1),
    "release": ("DELETE", 1),
}
KINDS = ["refuse", "reset", "status", "portal", "late", "drop", "status_after", "half", "garbage", "html", "huge"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS)
def test_one_fault_at_one_step(machine, server, step, kind):
    machine.remote.run(discovery(claude("one")))
    method, skip = STEPS[step]
    server.faults.add(kind, method=method, path="/secrets/claude", skip=skip)
    machine.remote.run(discovery(claude("two")))
    assert never_none(server)
    server.run_late()
    machine.comes_to_rest()
    assert never_none(server)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", [401, 403, 404, 405, 409, 422, 423, 429, 500, 503])
def test_a_lasting_refusal_at_one_step_loses_nothing_and_ends_when_it_ends(machine, server, step, status):
    machine.remote.run(discovery(claude("one")))
    method, skip = STEPS[step]
    fault = server.faults.add("status", method=method, path="/secrets/claude", skip=skip, times=-1, status=status)
    for _ in range(3):
        with pytest.raises(NotSignedIn) if status == 401 else contextlib.nullcontext():
            assert all(outcome.reason for outcome in machine.remote.run(discovery(claude("two"))))
        machine.clock.turn(1000)
    assert never_none(server)
    server.faults.clear()
    assert fault.times == -1
    machine.db.drop_hold(machine.key, "claude-oauth")
    machine.comes_to_rest()
    assert never_none(server)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"


@pytest.mark.parametrize("step", STEPS)
def test_a_second_value_comes_while_the_first_is_being_replaced(machine, server, step):
    machine.remote.run(discovery(claude("one")))
    method, skip = STEPS[step]
    server.faults.add("late", method=method, path="/secrets/claude", skip=skip)
    server.faults.add("refuse", method="GET", times=3)
    machine.remote.run(discovery(claude("two")))
    for _ in range(3):
        machine.remote.run(discovery(claude("three")))
    server.run_late()
    machine.comes_to_rest("three")
    assert never_none(server)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "three"


def test_offline_is_an_outcome_and_the_work_goes_out_once(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("refuse", times=-1)
    (waiting,) = machine.remote.run(discovery(claude("two")))
    assert waiting.did == "waiting"
    assert waiting.problem.code == "unreachable"
    server.faults.clear()
    before = len(server.requests)
    (done,) = machine.remote.run(discovery(claude("two")))
    assert done.did == "replaced"
    assert sum(r.method == "POST" for r in server.requests[before:]) == 2


def test_a_first_push_whose_answer_is_lost_is_not_doubled(machine, server):
    server.faults.add("drop", method="POST")
    machine.remote.run(discovery(claude("one")))
    machine.comes_to_rest("one")
    assert names(server) == ["Claude OAuth"]
    assert [r.method for r in server.requests].count("POST") == 1
    assert not machine.db.pushed(machine.key)["claude-oauth"].verified


def test_a_first_push_whose_answer_is_lost_and_whose_value_changed_is_pushed_again(machine, server):
    server.faults.add("drop", method="POST")
    server.faults.add("refuse", method="GET", skip=1)
    machine.remote.run(discovery(claude("one")))
    machine.comes_to_rest("two")
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"


def test_nothing_of_the_server_is_repeated_in_a_message(machine, server):
    machine.remote.run(discovery(claude("one")))
    for kind in KINDS:
        server.faults.add(kind, method="POST", path="/secrets/claude")
        outcomes = machine.remote.run(discovery(claude("two")))
        text = repr(outcomes) + "".join((o.problem.message + o.problem.remedy) if o.problem else "" for o in outcomes)
        assert "injected" not in text.replace("(HTTP 500, injected)", "")
        assert "html" not in text.lower()
        assert "fake-two" not in text


def test_of_two_values_that_may_both_have_arrived_none_is_taken_as_known(machine, server):
    server.faults.add("late", method="POST", times=-1)
    machine.remote.run(discovery(claude("one")))
    machine.clock.turn(machine.remote.due_at() - machine.clock.now())
    machine.remote.run(discovery(claude("two")))
    server.faults.clear()
    server.run_late()  # the first of them wins
    assert token_of(server) == "one"
    machine.comes_to_rest("two")
    assert token_of(server) == "two"
    assert names(server) == ["Claude OAuth"]
    assert never_none(server)


def test_a_bridge_that_may_hold_another_value_is_not_leant_on_by_its_name(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("late", method="POST")
    server.faults.add("refuse", method="GET", skip=1, times=1)
    machine.remote.run(discovery(claude("two")))
    (entry,) = machine.db.pending(machine.key)
    first = entry.txn.bridge
    machine.clock.turn(machine.remote.due_at() - machine.clock.now())
    server.faults.add("refuse", method="DELETE")  # stop with the bridge in place
    server.faults.add("refuse", method="GET", skip=1, times=-1)
    machine.remote.run(discovery(claude("three")))
    (entry,) = machine.db.pending(machine.key)
    assert entry.txn.bridge != first
    server.faults.clear()
    server.run_late()
    machine.comes_to_rest("three")
    assert token_of(server) == "three"
    assert names(server) == ["Claude OAuth"]
    assert never_none(server)


@pytest.mark.parametrize("kind", ["refuse", "status", "late", "portal"])
@pytest.mark.parametrize("status", [422, 500])
def test_nothing_is_in_the_ledger_before_the_server_has_said_so(machine, server, kind, status):
    server.faults.add(kind, method="POST", times=-1, status=status)
    machine.remote.run(discovery(claude("one")))
    assert machine.db.pushed(machine.key) == {}
    server.faults.clear()
    machine.db.drop_hold(machine.key, "claude-oauth")
    machine.comes_to_rest("one")
    assert token_of(server) == "one"
    before = machine.db.pushed(machine.key)
    server.faults.add(kind, method="POST", skip=1, times=-1, status=status)
    machine.remote.run(discovery(claude("two")))
    assert machine.db.pushed(machine.key) == before


class NoRight:
    """A bearer that is refused from some request on, before anything is sent."""

    def __init__(self, server, error: AmikaError, after: int) -> None:
        self.server, self.error, self.after, self.healed = server, error, after, False

    def __call__(self, force: bool) -> Secret:
        self.after -= 1
        if self.after < 0 and not self.healed:
            raise self.error
        return Secret(self.server.token)


NO_RIGHT = {
    "the session cannot be renewed now": RenewalPostponed("fake", retry_at=0.0, remedy=""),
    "another process renews it": Busy("fake"),
    "nobody is signed in": NotSignedIn("fake"),
    "it belongs to another server": UsageError("fake"),
}


@pytest.mark.parametrize("error", NO_RIGHT.values(), ids=NO_RIGHT)
@pytest.mark.parametrize("step", range(1, 5))
def test_a_request_that_had_no_right_to_be_sent_leaves_no_doubt(machine, server, clock, error, step):
    """Nothing left this machine: nothing may come late, and nothing is condemned by it."""
    machine.remote.run(discovery(claude("one")))
    right = NoRight(server, error, step)  # the first is for the listing
    api = SecretsApi(server.url, right, machine.http)
    remote = RemoteSync(machine.db, api, machine.account, clock, machine.settings)
    with contextlib.suppress(NotSignedIn, UsageError):
        remote.run(discovery(claude("two")))
    for entry in machine.db.pending(machine.key):
        assert entry.txn.unanswered == ()
        assert not (entry.txn.state is State.CREATE and entry.txn.unsure)
        assert not (entry.txn.state is State.BRIDGE and entry.txn.bridge_lost)
    assert machine.db.sweeps(machine.key) == {}
    right.healed = True
    clock.turn(1000)
    remote.run(discovery(claude("two")))
    assert token_of(server) == "two"
    assert names(server) == ["Claude OAuth"]
    assert never_none(server)
