"""What somebody else changed, and what was left over: through the remote lane."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.agent.sync.world import claude, codex_key, generic, names, never_none, only, token_of
from tests.fakes.discoveries import discovery

from amika_agent.sync import rules
from amika_local.errors import AmikaError
from amika_local.secret import Secret


def test_what_vanished_elsewhere_is_shown_and_restored_on_request(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.remove(server.records("claude")[0]["id"])
    outcome = only(machine.remote.run(discovery(claude("one"))))
    assert (outcome.did, outcome.problem.code) == ("blocked", "vanished")
    assert names(server) == []
    machine.remote.resolve("claude-oauth", "restore", discovery(claude("one")))
    machine.remote.run(discovery(claude("one")))
    assert token_of(server) == "one"


def replaced_by_another(server, value="theirs"):
    server.remove(server.records("claude")[0]["id"])
    return server.put("claude", name="Claude OAuth", type="oauth", value=claude(value).record.reveal())


def test_what_was_replaced_elsewhere_is_shown_and_not_fought(machine, server):
    machine.remote.run(discovery(claude("one")))
    theirs = replaced_by_another(server)
    for _ in range(3):
        outcome = only(machine.remote.run(discovery(claude("one"))))
        assert (outcome.did, outcome.problem.code) == ("blocked", "replaced_elsewhere")
    assert [r["id"] for r in server.records("claude")] == [theirs]


def test_what_was_replaced_elsewhere_can_be_adopted(machine, server):
    machine.remote.run(discovery(claude("one")))
    replaced_by_another(server)
    machine.remote.resolve("claude-oauth", "adopt", discovery(claude("one")))
    outcome = only(machine.remote.run(discovery(claude("one"))))
    assert (outcome.did, outcome.code) == ("unchanged", "assumed")


def test_a_new_value_here_wins_over_what_was_replaced_elsewhere(machine, server):
    machine.remote.run(discovery(claude("one")))
    replaced_by_another(server)
    machine.remote.run(discovery(claude("two")))
    assert token_of(server) == "two"
    assert names(server) == ["Claude OAuth"]


def test_it_wins_once_and_then_a_person_is_asked(machine, server):
    machine.remote.run(discovery(claude("one")))
    for number, token in enumerate(("two", "three")):
        theirs = replaced_by_another(server, f"theirs-{number}")
        machine.remote.run(discovery(claude(token)))
    assert [r["id"] for r in server.records("claude")] == [theirs]
    outcome = only(machine.remote.run(discovery(claude("four"))))
    assert (outcome.did, outcome.problem.code) == ("blocked", "contested")
    assert "restore|adopt" in outcome.problem.remedy
    machine.remote.resolve("claude-oauth", "restore", discovery(claude("four")))
    machine.remote.run(discovery(claude("four")))
    assert token_of(server) == "four"
    machine.remote.run(discovery(claude("five")))
    assert token_of(server) == "five", "what is ours is replaced as ever"
    assert never_none(server) or server.history("claude").count([]) == 2, "only the others' own gaps"


def test_two_machines_that_both_renew_take_turns_only_once(new_machine, server):
    first, second = new_machine("first"), new_machine("second")
    first.remote.run(discovery(claude("a0")))
    second.db.put_rule(second.key, rules.rule_for(claude("b0")))
    second.remote.run(discovery(claude("b0")))
    said = []
    for day in range(1, 6):
        for machine, name in ((first, "a"), (second, "b")):
            outcome = only(machine.remote.run(discovery(claude(f"{name}{day}"))))
            said.append((name, outcome.did))
    assert said[:2] == [("a", "replaced"), ("b", "replaced")]
    assert {did for name, did in said[2:] if name == "a"} == {"blocked"}
    assert {did for name, did in said[2:] if name == "b"} == {"replaced"}, "it keeps its own up to date"
    assert names(server) == ["Claude OAuth"]
    assert never_none(server)


def test_a_generic_secret_wins_once_too(machine, server):
    machine.remote.run(generic(machine, "one"))
    (record,) = server.records("generic")
    machine.api.update_generic(record["id"], Secret("theirs"))
    assert only(machine.remote.run(generic(machine, "two"))).did == "updated"
    machine.api.update_generic(record["id"], Secret("theirs again"))
    assert only(machine.remote.run(generic(machine, "three"))).problem.code == "contested"
    assert server.value_of(record["id"]) == "theirs again"


def test_its_own_update_that_the_ledger_did_not_see_is_not_somebody_elses(machine, server, tmp_path):
    machine.remote.run(generic(machine, "one"))
    (record,) = server.records("generic")
    machine.api.update_generic(record["id"], Secret("theirs"))
    machine.remote.run(generic(machine, "two"))  # it has won
    with contextlib.closing(sqlite3.connect(tmp_path / "laptop" / "sync.db")) as other:  # as if killed in between
        other.execute("CREATE TRIGGER dies BEFORE INSERT ON ledger BEGIN SELECT RAISE(ABORT, 'killed'); END")
        other.commit()
        with contextlib.suppress(AmikaError):
            machine.remote.run(generic(machine, "three"))
        other.execute("DROP TRIGGER dies")
        other.commit()
    assert server.value_of(record["id"]) == "three"
    assert only(machine.remote.run(generic(machine, "four"))).did == "updated"
    assert server.value_of(record["id"]) == "four"
    machine.clock.turn(3600.0)
    machine.remote.run(generic(machine, "four"))  # looks for what may have come late, once
    machine.api.update_generic(record["id"], Secret("theirs again"))
    assert only(machine.remote.run(generic(machine, "five"))).problem.code == "contested"


def test_after_its_database_was_lost_a_machine_takes_its_own_secret_again(new_machine, server, tmp_path):
    first = new_machine()
    first.remote.run(discovery(claude("one"), codex_key("one")))
    first.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / "laptop" / f"sync.db{suffix}").unlink(missing_ok=True)
    (tmp_path / "laptop" / "sync.db").write_bytes(b"not a database" * 100)
    new_machine().close()  # a command that only looks
    again = new_machine()
    again.remote.run(discovery(claude("two"), codex_key("one")))
    assert names(server) == ["Claude OAuth"]
    assert names(server, "codex") == ["Codex API Key"]
    assert token_of(server) == "two"
    assert never_none(server)


def test_two_machines_of_one_account_have_names_of_their_own(new_machine, server):
    first, second = new_machine("first"), new_machine("second")
    first.remote.run(discovery(claude("one")))
    made = only(second.remote.run(discovery(claude("two"))))
    assert made.did == "created"
    assert len(names(server)) == 2
    assert made.name.startswith("Claude OAuth (")


def test_two_machines_with_the_same_rule_do_not_fight(new_machine, server):
    first, second = new_machine("first"), new_machine("second")
    first.remote.run(discovery(claude("one")))
    rule = rules.rule_for(claude("two"))
    second.db.put_rule(second.key, rule)
    second.remote.run(discovery(claude("two")))
    assert token_of(server) == "two"
    for _ in range(3):
        assert only(first.remote.run(discovery(claude("one")))).problem.code == "replaced_elsewhere"
        assert only(second.remote.run(discovery(claude("two")))).did == "unchanged"
    assert token_of(server) == "two"
    assert never_none(server)


def test_a_stray_bridge_of_ours_is_swept_and_anothers_is_shown(machine, server):
    machine.remote.run(discovery(claude("one")))
    ours = rules.bridge_name("Claude OAuth", machine.db.machine_id, "abcdef")
    theirs = rules.bridge_name("Claude OAuth", "00000000", "abcdef")
    for name in (ours, theirs):
        server.put("claude", name=name, type="oauth", value=claude("x").record.reveal())
    outcomes = {o.name: o for o in machine.remote.run(discovery(claude("one")))}
    assert outcomes[ours].did == "swept"
    assert outcomes[theirs].problem.code == "left_over_elsewhere"
    assert outcomes[theirs].problem.remedy
    assert names(server) == ["Claude OAuth", theirs]


def test_the_only_copy_is_kept_and_the_right_name_made_again(machine, server):
    machine.remote.run(discovery(claude("one")))
    ours = rules.bridge_name("Claude OAuth", machine.db.machine_id, "abcdef")
    server.put("claude", name=ours, type="oauth", value=claude("x").record.reveal())
    server.remove(server.records("claude")[0]["id"])
    machine.comes_to_rest("one")
    assert names(server) == ["Claude OAuth"] or names(server) == [ours, "Claude OAuth"]
    machine.comes_to_rest("one")
    assert names(server) == ["Claude OAuth"]
    assert never_none(server)


def test_a_late_bridge_is_swept_when_its_time_has_come(machine, server, clock):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("late", method="POST")
    machine.remote.run(discovery(claude("two")))
    assert names(server) == ["Claude OAuth"]
    server.run_late()
    clock.turn(machine.remote.due_at() - clock.now())
    machine.remote.run(discovery(claude("two")), fresh=False)
    assert names(server) == ["Claude OAuth"]
    assert machine.remote.due_at() is None
