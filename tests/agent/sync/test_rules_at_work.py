"""Guards, drift, two machines, answers to questions, removal, pause: through the remote lane, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from dataclasses import replace

import pytest
from tests.agent.sync.world import START, claude, codex_key, discovery, names, never_none, token_of

from amika_agent.accounts.amika import AccountKey
from amika_agent.stores.amika_api import SecretsApi
from amika_agent.sync import rules
from amika_agent.sync.plan import PushSettings
from amika_agent.sync.remote import RemoteSync
from amika_agent.sync.replace import State
from amika_local.credential import Credential, Problem
from amika_local.errors import AmikaError, Conflict, Failed, NotFound, NotSignedIn, UsageError
from amika_local.secret import Secret

HOME = "/home/ada/.claude/.credentials.json"


def only(outcomes):
    (outcome,) = outcomes
    return outcome


def change_rule(machine, rule_id="claude-oauth", **changes):
    machine.db.put_rule(machine.key, replace(machine.db.rule(machine.key, rule_id), **changes))


# never push worse than what is there


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (claude("two", expires_at=START - 1), "expired"),
        (claude("two", expires_at=START + 60), "older"),
        (claude("two", account="eve@example.com"), "other_account"),
        (claude("one", account="eve@example.com"), "suspect"),
        (claude("two", account=None), "identity_unknown"),
        (claude("two", path="/home/ada/elsewhere/.credentials.json"), "source_moved"),
    ],
)
def test_a_guard_stops_a_push_and_an_accepted_one_goes_out(machine, server, then, code):
    machine.remote.run(discovery(claude("one")))
    before = len(server.requests)
    stopped = only(machine.remote.run(discovery(then)))
    assert (stopped.did, stopped.problem.code) == ("blocked", code)
    assert stopped.problem.remedy
    assert [r.method for r in server.requests[before:]] == ["GET"]
    assert token_of(server) == "one"
    if code == "expired":
        return
    machine.remote.resolve("claude-oauth", "accept", discovery(then))
    machine.remote.run(discovery(then))
    assert token_of(server) == then.value.reveal().removeprefix("sk-ant-oat01-fake-")
    assert never_none(server)


def test_a_blank_record_is_never_pushed_not_even_accepted(machine, server):
    machine.remote.run(discovery(claude("one")))
    blank = claude("two")
    blank.record = Secret(json.dumps({"claudeAiOauth": {"accessToken": "  ", "refreshToken": ""}}))
    for _ in range(2):
        stopped = only(machine.remote.run(discovery(blank)))
        assert (stopped.did, stopped.problem.code) == ("blocked", "unusable")
        machine.remote.resolve("claude-oauth", "accept", discovery(blank))
    assert token_of(server) == "one"


def test_older_than_what_has_expired_meanwhile_is_pushed(machine, server, clock):
    machine.remote.run(discovery(claude("one", expires_at=START + 100)))
    clock.turn(200)
    machine.remote.run(discovery(claude("two", expires_at=clock.now() + 50)))
    assert token_of(server) == "two"


def test_a_broken_source_keeps_what_was_pushed(machine, server):
    machine.remote.run(discovery(claude("one")))
    broken = Problem("malformed", "it is not JSON", source="claude-oauth", path=HOME, remedy="repair it")
    outcome = only(machine.remote.run(discovery(problems=(broken,))))
    assert (outcome.did, outcome.problem.code) == ("blocked", "source_malformed")
    assert token_of(server) == "one"


def test_a_value_the_server_refuses_is_not_sent_again_until_it_changes(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("status", method="POST", status=422, times=1)
    assert only(machine.remote.run(discovery(claude("two")))).did == "failed"
    before = len(server.requests)
    again = only(machine.remote.run(discovery(claude("two"))))
    assert (again.did, again.problem.code) == ("blocked", "value_refused")
    assert {r.method for r in server.requests[before:]} == {"GET"}
    assert token_of(server) == "one"
    machine.remote.run(discovery(claude("three")))
    assert token_of(server) == "three"


def test_going_back_to_what_is_pushed_ends_a_refusal(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("status", method="POST", status=422)
    refused = only(machine.remote.run(discovery(claude("two"))))
    assert (refused.code, "HTTP 422" in refused.reason) == ("value_refused", True)
    machine.remote.run(discovery(claude("one")))
    assert machine.db.holds(machine.key) == {}


def test_signed_out_in_the_middle_leaves_no_doubt_behind(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("status", method="DELETE", status=401, times=2)
    with pytest.raises(NotSignedIn):
        machine.remote.run(discovery(claude("two")))
    (entry,) = machine.db.pending(machine.key)
    assert entry.txn.unanswered == ()
    machine.remote.run(discovery(claude("two")))
    assert token_of(server) == "two"
    assert never_none(server)


def test_a_full_quota_offers_and_destroys_nothing(machine, server):
    machine.remote.run(discovery(claude("one")))
    server.faults.add("status", method="POST", status=402, times=-1)
    machine.remote.run(discovery(claude("two")))
    outcome = only(machine.remote.run(discovery(claude("two"))))
    assert outcome.problem.code == "no_room"
    assert token_of(server) == "one"


def test_only_the_receivers_part_is_sent(machine, server):
    credential = claude("one")
    record = json.loads(credential.record.reveal())
    record["mcpOAuth"] = {"other": "sk-fake-mcp"}
    credential.record = Secret(json.dumps(record))
    machine.remote.run(discovery(credential))
    value = json.loads(server.value_of(server.records("claude")[0]["id"]))
    assert list(value) == ["claudeAiOauth"]


def test_without_the_refresh_token(machine, server):
    machine.remote.run(discovery(claude("one")))
    change_rule(machine, without_refresh_token=True)
    machine.remote.run(discovery(claude("one")))
    value = json.loads(server.value_of(server.records("claude")[0]["id"]))
    assert sorted(value["claudeAiOauth"]) == ["accessToken", "expiresAt"]


# settling


def test_a_credential_that_has_just_changed_is_waited_for(new_machine, server, tmp_path, clock):
    machine = new_machine(settle=1.0)
    file = tmp_path / ".credentials.json"
    file.write_text("{}")
    clock.set_wall(file.stat().st_ctime + 0.1 - clock.now())
    credential = claude("one", path=str(file), expires_at=clock.now() + 9000)
    outcome = only(machine.remote.run(discovery(credential)))
    assert (outcome.did, outcome.code) == ("waiting", "settling")
    assert machine.remote.due_at() == outcome.due_at == pytest.approx(file.stat().st_ctime + 1)
    seen = []

    def again():
        seen.append(clock.now())
        return discovery(credential)

    assert only(machine.remote.run(discovery(credential), again=again)).did == "created"
    assert seen == [outcome.due_at]


def test_a_new_identity_starts_the_wait_again(new_machine, server, clock):
    machine = new_machine(settle=1.0)
    machine.remote.run(discovery(claude("one", account="ada@example.com")))
    clock.turn(0.9)
    machine.remote.run(discovery(claude("one", account="eve@example.com")))
    clock.turn(0.9)
    assert only(machine.remote.run(discovery(claude("one", account="eve@example.com")))).code == "settling"
    assert names(server) == []


# drift


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


# left-overs


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


# removal of the source


def gone(state="absent"):
    return discovery(files={("claude-oauth", HOME): state})


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


# pause


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


# open replacements without a value


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


# pushes without a rule


def test_push_once_creates_and_replaces(machine, server):
    made = machine.remote.push_once("claude", "api_key", "Claude API Key", "user", Secret("sk-ant-api-fake-1"))
    assert made.did == "created"
    again = machine.remote.push_once("claude", "api_key", "Claude API Key", "user", Secret("sk-ant-api-fake-2"))
    assert again.did == "replaced"
    assert names(server) == ["Claude API Key"]
    assert server.value_of(server.records("claude")[0]["id"]) == "sk-ant-api-fake-2"
    assert never_none(server)


@pytest.mark.parametrize(
    ("provider", "type_", "value"),
    [
        ("claude", "api_key", ""),
        ("claude", "api_key", "  \n"),
        ("claude", "api_key", '{"a": 1}'),
        ("claude", "api_key", "sk-ant-oat01-fake"),
        ("claude", "api_key", "two words"),
        ("claude", "api_key", "x" * 70_000),
        ("claude", "oauth", "sk-ant-api-fake"),
        ("claude", "oauth", "[]"),
        ("claude", "oauth", "{}"),
        ("claude", "oauth", "[" * 100_000),
        ("claude", "oauth", '{"claudeAiOauth": {"accessToken": ""}}'),
        ("claude", "oauth", '{"claudeAiOauth": {"accessToken": "t", "expiresAt": 1000}}'),
        ("codex", "oauth", '{"tokens": {"access_token": null}}'),
        ("codex", "oauth", '{"OPENAI_API_KEY": "sk-fake"}'),
    ],
)
def test_push_once_refuses_what_must_not_be_sent(machine, server, provider, type_, value):
    with pytest.raises(UsageError) as caught:
        machine.remote.push_once(provider, type_, "X", "user", Secret(value))
    assert server.requests == []
    assert "fake" not in str(caught.value) + caught.value.remedy


@pytest.mark.parametrize("name", ["", "  ", "a\x1bb", "n" * 201, "N (amika 01234567-abcdef)"])
def test_push_once_refuses_names(machine, server, name):
    with pytest.raises(UsageError):
        machine.remote.push_once("claude", "api_key", name, "user", Secret("sk-ant-api-fake"))
    assert server.requests == []


def test_push_once_says_what_the_server_refused(machine, server):
    server.faults.add("status", method="POST", status=422)
    with pytest.raises(Failed, match="HTTP 422"):
        machine.remote.push_once("claude", "api_key", "X", "user", Secret("sk-ant-api-fake"))
    assert machine.db.pending(machine.key) == []


def test_codex_records_are_reduced(machine, server):
    record = {"auth_mode": "chatgpt", "OPENAI_API_KEY": "sk-fake", "tokens": {"access_token": "t"}, "extra": 1}
    machine.remote.push_once("codex", "oauth", "Codex OAuth", "user", Secret(json.dumps(record)))
    value = json.loads(server.value_of(server.records("codex")[0]["id"]))
    assert value == {
        "auth_mode": "chatgpt", "OPENAI_API_KEY": None, "tokens": {"access_token": "t"}, "last_refresh": None,
    }  # fmt: skip


# accounts


def test_nothing_recorded_under_one_account_is_sent_to_another(new_machine, server):
    machine = new_machine()
    machine.remote.run(discovery(claude("one")))
    server.add_account("other-token", "user_other", "org_other")
    api = SecretsApi(server.url, lambda _force: Secret("other-token"), machine.http)
    account = AccountKey(server.url, "user_other", "org_other")
    for auto_push in ((), ("claude",)):
        other = RemoteSync(machine.db, api, account, machine.clock, PushSettings(auto_push=auto_push, settle=0.0))
        (parked,) = other.run(discovery(claude("two")))
        assert parked.code == "parked"
        assert (parked.problem is not None) is bool(auto_push)
        assert [a.code for a in other.plan(discovery(claude("two"))).actions] == ["parked"]
        assert "user_fake of org_fake" in parked.reason
        assert "user_other of org_other" in parked.reason
    assert all(r.token == server.token for r in server.requests if r.method != "GET")
    machine.db.put_rule(account.text, rules.rule_for(claude("two")))
    assert only(other.run(discovery(claude("two")))).did == "created"


def in_another_account(machine, server, user="user_other", org="org_other", **more):
    server.add_account(f"token-of-{user}", user, org)
    api = SecretsApi(server.url, lambda _force: Secret(f"token-of-{user}"), machine.http)
    settings = PushSettings(auto_push=("claude", "codex"), settle=0.0)
    return RemoteSync(machine.db, api, AccountKey(server.url, user, org), machine.clock, settings, **more)


def test_a_parked_rule_names_the_old_and_the_new_account_as_a_person_knows_them(machine, server):
    ada = RemoteSync(machine.db, machine.api, machine.account, machine.clock, machine.settings, who="ada@a.org, Acme")
    ada.run(discovery(claude("one")))
    eve = in_another_account(machine, server, who="eve@b.org, Other")
    parked = only(eve.run(discovery(claude("one"))))
    assert (parked.code, parked.did) == ("parked", "blocked")
    assert "ada@a.org, Acme" in parked.reason
    assert "eve@b.org, Other" in parked.reason
    assert "amika secret claude push" in parked.problem.remedy
    assert eve.plan(discovery(claude("one"))).actions[0].reason == parked.reason


def test_a_rule_made_by_itself_for_the_new_account_frees_no_parked_one(machine, server):
    machine.remote.run(discovery(claude("one")))
    other = in_another_account(machine, server)
    here = discovery(claude("one"), codex_key("one"))
    for _ in range(3):
        codes = {outcome.provider: outcome.code for outcome in other.run(here)}
        assert codes["claude"] == "parked"
    assert codes["codex"] == "in_sync"
    assert [
        r.method for r in server.requests if r.token != server.token and "claude" in r.path and r.method != "GET"
    ] == []


def test_a_generic_rule_of_another_account_is_parked_too(machine, server):
    here = generic(machine, "one")
    machine.remote.run(here)
    other = in_another_account(machine, server)
    parked = only(other.run(here))
    assert (parked.code, parked.did, parked.name) == ("parked", "waiting", "GROQ_API_KEY")
    (action,) = other.plan(here).actions
    assert action.remedy.endswith("amika sync add opencode/groq --generic --name GROQ_API_KEY")
    assert all(r.token == server.token for r in server.requests)


# rules


def test_one_rule_for_one_remote_name(machine):
    machine.db.put_rule(machine.key, rules.rule_for(claude("one")))
    with pytest.raises(Conflict) as caught:
        machine.db.put_rule(machine.key, rules.rule_for(claude("one"), taken=["claude-oauth"]))
    assert "claude-oauth" in caught.value.remedy


def test_rules_of_odd_sources(machine):
    odd = Credential("groq", "api_key", Secret("k"), "opencode", "/x", 200)
    with pytest.raises(UsageError):
        rules.rule_for(odd)
    assert rules.generic_rule_for(odd, "GROQ key").id == "generic-groq-key"


# generic secrets


def generic(machine, value, name="GROQ_API_KEY"):
    credential = Credential("groq", "api_key", Secret(value), "opencode", "/x", 200)
    if not machine.db.rules(machine.key):
        machine.db.put_rule(machine.key, rules.generic_rule_for(credential, name))
    return discovery(credential)


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


class Beaten:
    """The real client; somebody creates the secret between its listing and its creation."""

    def __init__(self, inner, server):
        self.inner = inner
        self.server = server

    def request(self, method, url, **options):
        if method == "POST":
            self.server.put("generic", name="GROQ_API_KEY", value="quicker")
        return self.inner.request(method, url, **options)


def test_a_generic_secret_that_was_created_meanwhile_is_updated_and_not_made_twice(machine, server):
    found = generic(machine, "mine")
    api = SecretsApi(server.url, lambda _force: Secret(server.token), Beaten(machine.http, server))
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
