"""Organization scope: one record per provider, so a replacement has a gap; it is agreed to, rehearsed and finished."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.agent.sync.test_faults import KINDS
from tests.agent.sync.world import claude
from tests.fakes.discoveries import discovery

from amika_agent.sync import rules
from amika_agent.sync.replace import State
from amika_local.errors import Conflict, UsageError

STEPS = {"rehearse": ("POST", 0), "delete old": ("DELETE", 0), "create": ("POST", 1), "release": ("DELETE", 1)}


@pytest.fixture
def boss(new_machine):
    """A machine whose one rule pushes for the organization, agreed to."""
    machine = new_machine(auto_push=())
    rule = rules.rule_for(claude("one"), scope="org")
    machine.db.put_rule(machine.key, replace(rule, gap_accepted=True))
    return machine


def org(server):
    return [r for r in server.records("claude") if r["scope"] == "org"]


def value(server):
    (record,) = org(server)
    return server.value_of(record["id"]).split("sk-ant-oat01-fake-")[1].split('"')[0]


def sealed(machine):
    from pathlib import Path

    return list(Path(machine.db.path + ".pending").glob("*.sealed"))


def gap(server):
    """How many changes long the organization had none, since it first had one."""
    has = [any(scope == "org" for _, _, scope in state) for state in server.history("claude")]
    return has[has.index(True) :].count(False)


def test_without_a_yes_nothing_is_sent(new_machine, server):
    machine = new_machine(auto_push=())
    machine.db.put_rule(machine.key, rules.rule_for(claude("one"), scope="org"))
    (outcome,) = machine.remote.run(discovery(claude("one")))
    assert outcome.problem.code == "gap_consent"
    assert {r.method for r in server.requests} <= {"GET"}
    machine.remote.resolve("claude-oauth-org", "accept", discovery(claude("one")))
    assert machine.remote.run(discovery(claude("one")))[0].did == "created"


def test_the_first_one_has_no_gap_and_no_rehearsal(boss, server):
    (outcome,) = boss.remote.run(discovery(claude("one")))
    assert outcome.did == "created"
    assert len(server.history("claude")) == 1


def test_a_replacement_is_rehearsed_then_quick(boss, server):
    boss.remote.run(discovery(claude("one")))
    (outcome,) = boss.remote.run(discovery(claude("two")))
    assert outcome.did == "replaced"
    scopes = [[(name, scope) for _, name, scope in state] for state in server.history("claude")]
    bridge = scopes[1][1]
    assert bridge[1] == "user"
    assert bridge[0].startswith("Claude OAuth [org] (amika ")
    assert scopes[1:] == [
        [("Claude OAuth", "org"), bridge],
        [bridge],
        [bridge, ("Claude OAuth", "org")],
        [("Claude OAuth", "org")],
    ]
    assert value(server) == "two"
    assert sealed(boss) == []


def test_a_refused_rehearsal_destroys_nothing(boss, server):
    boss.remote.run(discovery(claude("one")))
    server.faults.add("status", method="POST", status=422)
    (outcome,) = boss.remote.run(discovery(claude("two")))
    assert outcome.did == "failed"
    assert value(server) == "one"
    assert gap(server) == 0


def test_somebody_elses_record_needs_a_yes_that_names_it(boss, server):
    server.put("claude", name="Theirs", type="api_key", value="sk-ant-api-fake", scope="org")
    (outcome,) = boss.remote.run(discovery(claude("one")))
    assert outcome.problem.code == "take_over"
    assert "Theirs" in outcome.reason
    assert "api_key" in outcome.reason
    boss.remote.resolve("claude-oauth-org", "accept", discovery(claude("one")))
    boss.remote.run(discovery(claude("one")))
    assert value(server) == "one"
    assert [r["name"] for r in org(server)] == ["Claude OAuth"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", STEPS)
def test_one_fault_at_one_step(boss, server, step, kind):
    boss.remote.run(discovery(claude("one")))
    method, skip = STEPS[step]
    server.faults.add(kind, method=method, path="/secrets/claude", skip=skip)
    boss.remote.run(discovery(claude("two")))
    server.run_late()
    boss.comes_to_rest()
    assert value(server) == "two"
    assert len(server.records("claude")) == 1
    assert sealed(boss) == []


def inside_the_gap(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("refuse", method="POST", skip=1, times=-1)
    machine.remote.run(discovery(claude("two")))
    server.faults.clear()
    (entry,) = machine.db.pending(machine.key)
    assert entry.txn.state is State.CREATE
    assert org(server) == []
    return entry


def test_the_gap_is_closed_after_a_restart_even_when_the_source_is_gone_and_all_is_paused(boss, new_machine, server):
    inside_the_gap(boss, server)
    (file,) = sealed(boss)
    assert b"fake-two" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    boss.close()
    again = new_machine(auto_push=(), paused_until=float("inf"))
    again.remote.run(discovery(files={("claude-oauth", claude("x").path): "absent"}))
    assert value(server) == "two"
    assert len(server.records("claude")) == 1
    assert sealed(again) == []


def test_the_gap_is_closed_without_any_discovery(boss, server):
    inside_the_gap(boss, server)
    boss.remote.recover()
    assert value(server) == "two"


def test_a_damaged_sealed_value_is_not_used(boss, server):
    inside_the_gap(boss, server)
    (file,) = sealed(boss)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    boss.remote.recover()
    assert org(server) == []
    boss.comes_to_rest("three")
    assert value(server) == "three"


def test_a_sealed_value_belongs_to_its_account(boss, server):
    entry = inside_the_gap(boss, server)
    from amika_agent.sync.sealed import SealedValues

    values = SealedValues(boss.db.path + ".pending")
    assert values.get(entry.txn.id, boss.key) is not None
    assert values.get(entry.txn.id, "another account") is None


def test_a_value_that_cannot_be_sealed_destroys_nothing(boss, server):
    from pathlib import Path

    boss.remote.run(discovery(claude("one")))
    Path(boss.db.path + ".pending").write_text("in the way")
    boss.remote.run(discovery(claude("two")))
    assert value(server) == "one"
    assert gap(server) == 0
    Path(boss.db.path + ".pending").unlink()
    boss.comes_to_rest()
    assert value(server) == "two"


def test_somebody_who_was_quicker_inside_the_gap_is_kept(boss, server):
    inside_the_gap(boss, server)
    server.put("claude", name="Quicker", type="api_key", value="sk-ant-api-fake", scope="org")
    boss.remote.run(discovery(claude("two")))
    assert [r["name"] for r in server.records("claude")] == ["Quicker"]
    (outcome,) = boss.remote.run(discovery(claude("two")))
    assert outcome.did == "blocked"


def test_the_role_is_lost_inside_the_gap(boss, server):
    boss.remote.run(discovery(claude("one")))
    server.faults.add("status", method="POST", skip=1, times=-1, status=403)
    boss.remote.run(discovery(claude("two")))
    assert boss.db.holds(boss.key)["claude-oauth-org"].code == "organization_has_none"
    assert boss.db.pending(boss.key)
    server.faults.clear()
    boss.clock.turn(boss.remote.due_at() - boss.clock.now())
    boss.remote.run(discovery(claude("two")))
    assert value(server) == "two"


def test_a_newer_value_that_is_refused_inside_the_gap_gives_way_to_the_rehearsed_one(boss, server):
    inside_the_gap(boss, server)
    server.faults.add("status", method="POST", status=422)  # inside the gap …
    server.faults.add("status", method="POST", status=422, skip=1)  # … and at its own rehearsal
    boss.remote.run(discovery(claude("three")))
    assert value(server) == "two"
    assert boss.db.pending(boss.key) == []


def test_push_once_needs_consent(boss, server):
    boss.remote.run(discovery(claude("one")))
    record = claude("two").record
    with pytest.raises(UsageError):
        boss.remote.push_once("claude", "oauth", "Claude OAuth", "org", record)
    outcome = boss.remote.push_once("claude", "oauth", "Claude OAuth", "org", record, gap_accepted=True)
    assert outcome.did == "replaced"
    server.remove(org(server)[0]["id"])
    theirs = server.put("claude", name="Theirs", type="api_key", value="sk-ant-api-fake", scope="org")
    with pytest.raises(Conflict) as caught:
        boss.remote.push_once("claude", "oauth", "Claude OAuth", "org", record, gap_accepted=True)
    assert "Theirs" in str(caught.value)
    boss.remote.push_once("claude", "oauth", "Claude OAuth", "org", record, gap_accepted=True, take_over=theirs)
    assert value(server) == "two"


def test_everything_pushed_is_taken_back(boss, server, new_machine):
    boss.remote.run(discovery(claude("one")))
    boss.remote.push_once("claude", "oauth", "By hand", "user", claude("two").record)
    outcomes = boss.remote.forget_everything()
    assert [o.did for o in outcomes] == ["deleted"]
    assert [r["name"] for r in server.records("claude")] == ["By hand"]
    assert boss.db.rules(boss.key) == []
