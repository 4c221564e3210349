"""The source of what was pushed goes: through the remote lane, over real HTTP."""

from __future__ import annotations

import os

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


def test_an_absence_noted_before_a_long_sleep_is_no_logout_while_the_file_is_being_rewritten(
    machine, server, clock, tmp_path
):
    """It was being replaced when the laptop was shut, and is being replaced again when the laptop wakes up."""
    path = tmp_path / "home" / ".claude" / ".credentials.json"
    path.parent.mkdir(parents=True)
    there = discovery(claude("one", path=str(path), expires_at=None))
    missing = discovery(files={("claude-oauth", str(path)): "absent"})
    machine.remote.run(there)
    change_rule(machine, on_removal="delete")
    machine.remote.run(missing)
    clock.turn(86400.0)
    os.utime(path.parent, (clock.now() - 1, clock.now() - 1))  # a second ago something was removed there
    waiting = only(machine.remote.run(missing))
    assert (waiting.did, waiting.due_at) == ("waiting", clock.now() + 4)
    assert names(server) == ["Claude OAuth"]
    clock.turn(4)
    assert only(machine.remote.run(missing)).did == "deleted"


def test_a_folder_of_tomorrow_keeps_nothing(machine, server, clock, tmp_path):
    """A clock that was set back: what a time stamp says is not to be had."""
    path = tmp_path / ".credentials.json"
    machine.remote.run(discovery(claude("one", path=str(path), expires_at=None)))
    change_rule(machine, on_removal="delete")
    os.utime(tmp_path, (clock.now() + 86400, clock.now() + 86400))
    missing = discovery(files={("claude-oauth", str(path)): "absent"})
    machine.remote.run(missing)
    clock.turn(5)
    assert only(machine.remote.run(missing)).did == "deleted"


def test_the_source_goes_and_the_rule_asks(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    change_rule(machine, on_removal="ask")
    assert only(machine.remote.run(gone("ok"))).problem.code == "source_gone"
    machine.remote.resolve("claude-oauth", "delete", gone("ok"))
    machine.remote.run(gone("ok"))
    clock.turn(6)
    machine.remote.run(gone("ok"))
    assert names(server) == []
