"""Answers of a person that are given although nothing was asked."""

from __future__ import annotations

from tests.agent.sync.world import claude, discovery


def test_adopting_what_this_machine_stored_itself_forgets_nothing(machine, server):
    machine.remote.run(discovery(claude("one")))
    machine.remote.resolve("claude-oauth", "adopt", discovery(claude("one")))
    (outcome,) = machine.remote.run(discovery(claude("one")))
    assert (outcome.did, outcome.code) == ("unchanged", "in_sync")
