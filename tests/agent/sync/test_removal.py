"""The source of what was pushed goes: through the remote lane, over real HTTP."""

from __future__ import annotations

from tests.agent.sync.world import change_rule, claude, gone, names, only
from tests.fakes.discoveries import discovery


def test_the_source_goes_and_by_default_what_was_pushed_stays(machine, server):
    machine.remote.run(discovery(claude("one")))
    outcome = only(machine.remote.run(gone("ok")))
    assert (outcome.did, outcome.code) == ("unchanged", "source_gone")
    assert names(server) == ["Claude OAuth"]


def test_the_source_goes_and_the_rule_says_delete(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    change_rule(machine, on_removal="delete")
    waiting = only(machine.remote.run(gone("ok")))
    assert (waiting.did, waiting.due_at) == ("waiting", clock.now() + 5)
    clock.turn(5)
    assert only(machine.remote.run(gone("ok"))).did == "deleted"
    assert names(server) == []
    assert only(machine.remote.run(gone("ok"))).code == "source_gone"


def test_a_missing_directory_deletes_nothing(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    change_rule(machine, on_removal="delete")
    for _ in range(3):
        clock.turn(60)
        machine.remote.run(gone("absent"))
    assert names(server) == ["Claude OAuth"]


def test_the_source_goes_and_the_rule_asks(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    change_rule(machine, on_removal="ask")
    assert only(machine.remote.run(gone("ok"))).problem.code == "source_gone"
    machine.remote.resolve("claude-oauth", "delete", gone("ok"))
    machine.remote.run(gone("ok"))
    clock.turn(6)
    machine.remote.run(gone("ok"))
    assert names(server) == []
