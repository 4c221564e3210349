"""A replacement was interrupted and its value is gone, or its rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.agent.sync.world import START, claude, gone, names, never_none, only, token_of
from tests.fakes.discoveries import discovery

from amika_agent.sync.replace import State
from amika_local.errors import NotFound


def interrupted(machine, server, method="POST", skip=1):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("refuse", method=method, skip=skip, times=-1)
    server.faults.add("refuse", method="GET", skip=1, times=-1)
    machine.remote.run(discovery(claude("two")))
    server.faults.clear()
    (entry,) = machine.db.pending(machine.key)
    return entry


def test_a_source_that_is_gone_at_recovery_leaves_the_value_under_its_temporary_name(machine, server):
    entry = interrupted(machine, server)
    assert entry.txn.state is State.CREATE
    for _ in range(3):
        machine.remote.run(gone("ok"))
        machine.remote.recover()
    assert names(server) == [entry.txn.bridge]
    machine.comes_to_rest("two")
    assert names(server) == ["Claude OAuth"]
    assert never_none(server)


def test_an_open_replacement_that_waits_for_a_person_says_so_and_goes_on_when_they_have_answered(machine, server):
    interrupted(machine, server)
    older = discovery(claude("older", expires_at=START + 3600))
    waits = only(machine.remote.run(older))
    assert (waits.did, waits.code) == ("blocked", "older")
    assert waits.problem.remedy.endswith("amika sync resolve claude-oauth accept")
    machine.remote.resolve("claude-oauth", "accept", older)
    assert only(machine.remote.run(older)).code == "replaced"
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "older"
    assert never_none(server)


def test_without_a_value_the_old_record_is_not_deleted(machine, server):
    interrupted(machine, server, method="DELETE", skip=0)
    machine.remote.recover()
    assert "Claude OAuth" in names(server)
    assert token_of(server) == "one"


def test_forgetting_a_rule_gives_its_open_replacement_up(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("drop", method="POST")
    server.faults.add("refuse", method="GET", skip=1)
    machine.remote.run(discovery(claude("two")))
    assert len(names(server)) == 2
    machine.remote.forget("claude-oauth")
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "one"
    assert machine.db.rules(machine.key) == []
    assert machine.db.pending(machine.key) == []


def test_forgetting_while_a_deletion_may_still_land_keeps_both_records(machine, server):
    entry = interrupted(machine, server, method="DELETE", skip=0)
    machine.remote.forget("claude-oauth")
    assert names(server) == ["Claude OAuth", entry.txn.bridge]
    assert [left.rule for left in machine.db.pending(machine.key)] == [""]


def test_forgetting_a_rule_in_the_middle_leaves_a_left_over_and_no_none(machine, server):
    entry = interrupted(machine, server)
    machine.remote.forget("claude-oauth")
    assert names(server) == [entry.txn.bridge]
    (left,) = machine.db.pending(machine.key)
    assert left.rule == ""
    machine.remote.push_once("claude", "oauth", "Claude OAuth", "user", claude("three").record)
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "three"
    assert never_none(server)


def test_deleting_a_secret_closes_its_replacement_first(machine, server):
    entry = interrupted(machine, server)
    (record,) = server.records("claude")
    assert record["name"] == entry.txn.bridge
    with pytest.raises(NotFound):
        machine.remote.delete("claude", record["id"])
    assert names(server) == []
    assert machine.db.pending(machine.key) == []


def test_deleting(machine, server):
    machine.remote.run(discovery(claude("one")))
    machine.remote.delete("claude", server.records("claude")[0]["id"])
    assert names(server) == []
    assert machine.db.pushed(machine.key) == {}
    with pytest.raises(NotFound):
        machine.remote.delete("claude", "no/such?id")


def test_a_value_that_has_just_changed_is_waited_for_and_not_for_ever(machine, server, clock):
    """At the start after a kill the login may be seconds old: nothing may ever happen again to its file."""
    assert interrupted(machine, server).txn.state is State.CREATE
    machine.remote.settings = replace(machine.settings, settle=1.0)
    machine.remote.run(discovery(claude("three")))
    due = machine.remote.due_at()
    assert due is not None
    assert due - clock.now() <= 1.0
    clock.turn(due - clock.now())
    machine.remote.run(discovery(claude("three")))
    assert token_of(server) == "three"
    assert names(server) == ["Claude OAuth"]


def test_a_refusal_in_the_middle_is_asked_about_again_within_the_hour(machine, server, clock):
    machine.remote.run(discovery(claude("one", expires_at=None)))
    server.faults.add("status", method="POST", skip=1, status=403)
    machine.remote.run(discovery(claude("two", expires_at=None)))
    machine.remote.run(discovery(claude("two", expires_at=None)))
    (entry,) = machine.db.pending(machine.key)
    assert names(server) == [entry.txn.bridge]
    due = machine.remote.due_at()
    assert due is not None
    clock.turn(due - clock.now())
    machine.remote.run(discovery(claude("two", expires_at=None)))
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"
