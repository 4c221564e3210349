"""The remote lane over real HTTP: what is on disk is what the server has."""

from __future__ import annotations

from tests.agent.sync.world import claude, codex_key, names, never_none, token_of
from tests.fakes.discoveries import discovery


def test_a_discovered_credential_is_created_and_kept(machine, server):
    (made,) = machine.remote.run(discovery(claude("one")))
    assert (made.did, made.name) == ("created", "Claude OAuth")
    assert names(server) == ["Claude OAuth"]
    (again,) = machine.remote.run(discovery(claude("one")))
    assert again.did == "unchanged"


def test_a_changed_credential_replaces_the_remote_one_and_there_is_never_none(machine, server):
    machine.remote.run(discovery(claude("one")))
    outcomes = machine.remote.run(discovery(claude("two")))
    assert [o.did for o in outcomes] == ["replaced"]
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"
    assert never_none(server)
    assert machine.db.pending(machine.key) == []


def test_a_replacement_is_one_listing_and_four_requests(machine, server):
    machine.remote.run(discovery(claude("one")))
    before = len(server.requests)
    machine.remote.run(discovery(claude("two")))
    verbs = [request.method for request in server.requests[before:]]
    assert verbs == ["GET", "POST", "DELETE", "POST", "DELETE"]


def test_claude_and_codex_side_by_side(machine, server):
    machine.remote.run(discovery(claude("one"), codex_key("a")))
    assert names(server, "claude") == ["Claude OAuth"]
    assert names(server, "codex") == ["Codex API Key"]


def test_nothing_changed_and_not_asked_to_look_sends_nothing(machine, server):
    machine.remote.run(discovery(claude("one")))
    before = len(server.requests)
    (outcome,) = machine.remote.run(discovery(claude("one")), fresh=False)
    assert outcome.did == "unchanged"
    assert len(server.requests) == before
