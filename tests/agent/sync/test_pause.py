"""Everything is paused, or one rule: through the remote lane, over real HTTP."""

from __future__ import annotations

from dataclasses import replace

from tests.agent.sync.world import change_rule, claude, codex_key, names, only, token_of
from tests.fakes.discoveries import discovery


def test_paused_sends_nothing_and_resumes(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    machine.remote.settings = replace(machine.settings, paused_until=clock.now() + 3600)
    before = len(server.requests)
    outcome = only(machine.remote.run(discovery(claude("two"))))
    assert (outcome.code, outcome.due_at) == ("paused", clock.now() + 3600)
    assert len(server.requests) == before
    clock.turn(3600)
    machine.remote.run(discovery(claude("two")))
    assert token_of(server) == "two"


def test_one_rule_is_paused_until_resumed(machine, server):
    machine.remote.run(discovery(claude("one"), codex_key("a")))
    change_rule(machine, paused_until=float("inf"))
    outcomes = {o.rule: o for o in machine.remote.run(discovery(claude("two"), codex_key("b")))}
    assert (outcomes["claude-oauth"].code, outcomes["claude-oauth"].due_at) == ("paused", None)
    assert outcomes["codex-api-key"].did == "replaced"


def test_an_open_replacement_ends_first(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("refuse", method="DELETE")
    server.faults.add("refuse", method="GET", skip=1)
    machine.remote.run(discovery(claude("two")))
    assert len(machine.db.pending(machine.key)) == 1
    machine.remote.settings = replace(machine.settings, paused_until=float("inf"))
    machine.remote.run(discovery(claude("two")))
    assert machine.db.pending(machine.key) == []
    assert names(server) == ["Claude OAuth"]
    assert token_of(server) == "two"
