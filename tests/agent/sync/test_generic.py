"""Generic secrets: through the remote lane, over real HTTP."""

from __future__ import annotations

import pytest
from tests.agent.sync.world import generic, only
from tests.fakes.http_clients import Interrupted

from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync.remote import RemoteSync
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
