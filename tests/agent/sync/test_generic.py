"""Generic secrets: through the remote lane, over real HTTP."""

from __future__ import annotations

import pytest
from tests.agent.sync.world import generic, only
from tests.fakes.http_clients import Interrupted

from amika_agent.session.parts import RenewalPostponed
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.remote import RemoteSync
from amika_local.errors import Busy, Failed
from amika_local.secret import Secret


def test_a_generic_secret_is_created_updated_and_left_alone(machine, server):
    assert only(machine.remote.run(generic(machine, "one"))).did == "created"
    assert only(machine.remote.run(generic(machine, "two"))).did == "updated"
    assert only(machine.remote.run(generic(machine, "two"))).did == "unchanged"
    (record,) = server.records("generic")
    assert server.value_of(record["id"]) == "two"


@pytest.mark.parametrize("kind", ["drop", "late", "refuse", "status_after", "html", "portal"])
def test_a_generic_secret_survives_lost_answers(machine, server, kind):
    for method in ("POST", "PUT"):
        server.faults.add(kind, method=method)
        machine.remote.run(generic(machine, method))
        server.run_late()
        machine.remote.run(generic(machine, method))
        (record,) = server.records("generic")
        assert server.value_of(record["id"]) == method
        assert only(machine.remote.run(generic(machine, method))).did == "unchanged"


def test_a_generic_secret_that_was_created_meanwhile_is_updated_and_not_made_twice(machine, server):
    def somebody_is_quicker(method, _url):
        if method == "POST":
            server.put("generic", name="GROQ_API_KEY", value="quicker")

    found = generic(machine, "mine")
    with Interrupted(somebody_is_quicker) as http:
        api = SecretsApi(server.url, lambda _force: Secret(server.token), http)
        remote = RemoteSync(machine.db, api, machine.account, machine.clock, machine.settings)
        assert only(remote.run(found)).did == "updated"
    (record,) = server.records("generic")
    assert server.value_of(record["id"]) == "mine"


def test_an_update_that_comes_late_over_a_newer_one_is_put_right(machine, server, clock):
    machine.remote.run(generic(machine, "one"))
    (record,) = server.records("generic")
    server.faults.add("late", method="PUT")
    machine.remote.run(generic(machine, "two"))
    assert only(machine.remote.run(generic(machine, "three"))).did == "updated"
    server.run_late()
    assert server.value_of(record["id"]) == "two"
    clock.turn(machine.remote.due_at() - clock.now())
    assert only(machine.remote.run(generic(machine, "three"), fresh=False)).did == "updated"
    assert server.value_of(record["id"]) == "three"
    assert machine.remote.due_at() is None
    machine.api.update_generic(record["id"], Secret("theirs"))
    assert only(machine.remote.run(generic(machine, "three"))).problem.code == "replaced_elsewhere"


def test_a_generic_secret_changed_elsewhere_is_shown(machine, server):
    machine.remote.run(generic(machine, "one"))
    (record,) = server.records("generic")
    machine.api.update_generic(record["id"], Secret("theirs"))
    assert only(machine.remote.run(generic(machine, "one"))).problem.code == "replaced_elsewhere"


def test_the_same_generic_name_in_two_scopes_is_two_secrets(machine, server):
    server.put("generic", name="GROQ_API_KEY", value="org's", scope="org")
    assert only(machine.remote.run(generic(machine, "mine"))).did == "created"
    assert sorted(r["scope"] for r in server.records("generic")) == ["org", "user"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("status", [302, 408, 425, 429])
def test_not_now_is_no_verdict_on_the_value(machine, server, method, status):
    """The same value goes as soon as the server takes it again."""
    if method == "PUT":
        machine.remote.run(generic(machine, "gsk_one"))
    server.faults.add("status", method=method, status=status)
    (outcome,) = machine.remote.run(generic(machine, "gsk_two"))
    assert outcome.did == "waiting"
    assert machine.db.holds(machine.key) == {}
    machine.clock.turn(machine.remote.due_at() - machine.clock.now())
    machine.remote.run(generic(machine, "gsk_two"))
    (record,) = server.records("generic")
    assert server.value_of(record["id"]) == "gsk_two"


NO_RIGHT = {
    "another process renews the session": Busy("fake"),
    "the disk is full, and the session cannot be renewed": Failed("fake"),
    "nobody answers the renewal": RenewalPostponed("fake", retry_at=0.0, remedy=""),
}


@pytest.mark.parametrize("error", NO_RIGHT.values(), ids=NO_RIGHT)
@pytest.mark.parametrize("first", [True, False])
def test_a_session_that_cannot_be_used_now_is_no_verdict_on_the_value(machine, server, clock, error, first):
    """It was taken for one: the value was not sent again until it changed."""
    if not first:
        machine.remote.run(generic(machine, "gsk_one"))
    given = iter([Secret(server.token), error])

    def bearer(force: bool) -> Secret:
        one = next(given, Secret(server.token))
        if isinstance(one, Exception):
            raise one
        return one

    api = SecretsApi(server.url, bearer, machine.http)
    remote = RemoteSync(machine.db, api, machine.account, clock, machine.settings)
    (outcome,) = remote.run(generic(machine, "gsk_two"))
    assert outcome.did in ("waiting", "failed")
    assert machine.db.holds(machine.key) == {}
    assert machine.db.sweeps(machine.key) == {}
    clock.turn(remote.due_at() - clock.now())
    remote.run(generic(machine, "gsk_two"))
    (record,) = server.records("generic")
    assert server.value_of(record["id"]) == "gsk_two"


@pytest.mark.parametrize("status", [402, 403])
def test_a_right_that_was_given_back_is_found_out(machine, server, clock, status):
    """Nobody tells, and the value may never change: it is tried again within the hour."""
    server.faults.add("status", method="POST", status=status)
    (outcome,) = machine.remote.run(generic(machine, "gsk_one"))
    assert (outcome.did, machine.db.holds(machine.key).popitem()[1].code) == ("failed", "no_room")
    for _ in range(3):
        assert only(machine.remote.run(generic(machine, "gsk_one"))).did == "blocked"
    asked = [one.method for one in server.requests].count("POST")
    assert asked == 1, "not at once"
    due = machine.remote.due_at()
    assert due is not None
    assert due - clock.now() <= 3600
    clock.turn(due - clock.now())
    assert only(machine.remote.run(generic(machine, "gsk_one"))).did == "created"
