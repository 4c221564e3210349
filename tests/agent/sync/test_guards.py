"""Why something is not pushed, or not yet: through the remote lane, over real HTTP."""

from __future__ import annotations

import json

import pytest
from tests.agent.sync.world import CLAUDE_FILE, START, change_rule, claude, names, never_none, only, token_of
from tests.fakes.discoveries import discovery

from amika_local.credential import Problem
from amika_local.errors import NotSignedIn
from amika_local.secret import Secret


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
    broken = Problem("malformed", "it is not JSON", source="claude-oauth", path=CLAUDE_FILE, remedy="repair it")
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


@pytest.mark.parametrize(("method", "status"), [("POST", 402), ("POST", 403), ("DELETE", 403), ("DELETE", 423)])
def test_what_others_decide_is_tried_again_within_the_hour(machine, server, clock, method, status):
    machine.remote.run(discovery(claude("one", expires_at=None)))
    server.faults.add("status", method=method, status=status)
    machine.remote.run(discovery(claude("two", expires_at=None)))
    assert token_of(server) == "one"
    outcome = only(machine.remote.run(discovery(claude("two", expires_at=None))))
    assert outcome.did == "blocked"
    clock.turn(machine.remote.due_at() - clock.now())
    machine.remote.run(discovery(claude("two", expires_at=None)))
    assert token_of(server) == "two"
    assert never_none(server)


def test_a_clock_that_was_set_back_holds_nothing_up_for_a_day(machine, server, clock):
    machine.remote.run(discovery(claude("one", expires_at=None)))
    server.faults.add("status", method="POST", status=402)
    machine.remote.run(discovery(claude("two", expires_at=None)))
    clock.set_wall(-86400.0)
    machine.remote.run(discovery(claude("two", expires_at=None)))
    assert token_of(server) == "two"


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
