"""The snapshot as a function of facts: every state, every line, and never a value."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amika_agent.settings import Settings
from amika_agent.snapshot.facts import AccountFacts, LocalFacts, RemoteFacts
from amika_agent.snapshot.rule_state import marks
from amika_agent.snapshot.state import Facts, build
from amika_agent.sync.env_cache import EnvCacheResult
from amika_agent.sync.outcome import Outcome
from amika_agent.sync.records import Pushed
from amika_agent.sync.rules import rule_for
from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.discovery import Discovery
from amika_local.secret import Secret
from amika_shared.profile import resolve
from amika_shared.snapshot import read_snapshot

NOW = 1_800_000_000.0
SIGNED_IN = {
    "authenticated": True,
    "method": "session",
    "email": "a@example.com",
    "user_id": "user_1",
    "org_id": "org_1",
    "expires_at": NOW + 300,
    "storage": "file",
}


def claude(expires_at: float | None = NOW + 8 * 3600, value: str = "sk-ant-oat01-fake-value-1") -> Credential:
    return Credential(
        "anthropic", OAUTH, Secret(value), "claude-oauth", "/h/.claude/.credentials.json", 400,
        expires_at=expires_at, native_name="CLAUDE_CODE_OAUTH_TOKEN", account="a@example.com",
    )  # fmt: skip


def codex() -> Credential:
    return Credential(
        "openai", API_KEY, Secret("sk-fake-value-2"), "codex", "/h/.codex/auth.json", 300, native_name="OPENAI_API_KEY"
    )


def local(*found: Credential, problems: tuple[Problem, ...] = (), expired: tuple[Credential, ...] = ()) -> LocalFacts:
    discovery = Discovery()
    discovery.credentials = list(found)
    for credential in found:
        discovery.winners.setdefault(credential.provider, credential)
    discovery.expired = list(expired)
    return LocalFacts(discovery, Settings({}), EnvCacheResult("current", len(found)), problems, None)


RULE = rule_for(claude())


def remote(*found: Credential, did: str = "unchanged", problem: Problem | None = None, **more: Any) -> RemoteFacts:
    outcome = Outcome(RULE.id, "claude", "oauth", "user", RULE.name, did, "as it is", problem, **more)
    pushed = Pushed(RULE.id, "claude", "oauth", "user", RULE.name, "id-1", "f", None, None, NOW - 60)
    return RemoteFacts([RULE], {RULE.id: pushed}, outcomes={RULE.id: outcome}, marks=marks([RULE], found or [claude()]))


@pytest.fixture
def facts(home: Path) -> Facts:
    return Facts(resolve(os.environ), NOW, AccountFacts(SIGNED_IN), local(claude(), codex()), remote())


def state(facts: Facts, **changes: Any) -> str:
    snapshot = build(replace(facts, **changes))
    assert read_snapshot(snapshot)["state"] == snapshot["state"], "readers know every state"
    return str(snapshot["state"])


def test_all_well(facts: Facts) -> None:
    assert state(facts) == "in_sync"
    found = build(facts)
    assert [(c["id"], c["used"], c["sync"]["state"]) for c in found["credentials"]] == [
        ("claude-oauth/anthropic", True, "in_sync"),
        ("codex/openai", True, "not_pushed"),
    ]
    assert found["rules"][0]["state"] == "in_sync"
    assert found["accounts"][0]["email"] == "a@example.com"
    assert found["env_cache"]["state"] == "current"


def test_nobody_signed_in(facts: Facts) -> None:
    who = {"authenticated": False, "method": "none"}
    assert state(facts, account=AccountFacts(who), remote=RemoteFacts()) == "signed_out"


def test_before_the_first_look_it_works(facts: Facts) -> None:
    assert state(facts, local=None) == "working"
    assert build(replace(facts, local=None))["credentials"] == []


def test_paused_comes_before_everything(facts: Facts) -> None:
    broken = local(problems=(Problem("malformed", "m", path="/x"),))
    assert state(facts, local=broken, paused_until=NOW + 1) == "paused"
    assert state(facts, local=broken, paused_until=float("inf")) == "paused"
    assert state(facts, paused_until=NOW - 1) == "in_sync"


@pytest.mark.parametrize("code", ["malformed", "unreadable", "sync_db", "settings", "clock", "something_new"])
def test_a_failure_is_a_problem_with_its_remedy(facts: Facts, code: str) -> None:
    broken = local(claude(), problems=(Problem(code, "it is broken", source="s", path="/p", remedy="mend it"),))
    assert state(facts, local=broken) == "problem"
    (line,) = build(replace(facts, local=broken))["problems"]
    assert line == {"code": code, "source": "s", "path": "/p", "message": "it is broken", "remedy": "mend it"}


def test_a_session_that_ended_is_a_problem_though_nobody_is_signed_in(facts: Facts) -> None:
    ended = AccountFacts({"authenticated": False}, problems=(Problem("session", "it ended"),))
    assert state(facts, account=ended) == "problem"


@pytest.mark.parametrize(
    ("left", "expected"), [(8 * 3600.0, "in_sync"), (601.0, "in_sync"), (600.0, "attention"), (-5.0, "attention")]
)
def test_a_login_that_ends_soon_asks_for_attention(facts: Facts, left: float, expected: str) -> None:
    soon = claude(NOW + left)
    assert state(facts, local=local(soon), remote=remote(soon)) == expected


def test_an_expired_login_is_shown_and_asks_for_attention_unless_something_else_is_used(facts: Facts) -> None:
    old = claude(NOW - 60)
    assert state(facts, local=local(codex(), expired=(old,)), remote=RemoteFacts()) == "attention"
    key = Credential("anthropic", API_KEY, Secret("sk-fake"), "claude-api", "/h/.claude.json", 500)
    covered = replace(facts, local=local(key, expired=(old,)), remote=RemoteFacts())
    assert build(covered)["state"] == "in_sync"
    line = build(covered)["credentials"][1]
    assert (line["used"], line["shadowed_by"], line["sync"]["state"]) == (False, "claude-api/anthropic", "expired")


def test_offline_is_a_state_not_a_problem(facts: Facts) -> None:
    unreachable = Problem("unreachable", "cannot reach x")
    waiting = replace(remote(did="waiting", problem=unreachable, due_at=NOW + 5), offline=True)
    assert state(facts, remote=waiting) == "offline"
    assert state(facts, account=AccountFacts(SIGNED_IN, offline=True, problems=(unreachable,))) == "offline"


def test_what_the_person_must_decide_asks_for_attention_and_what_failed_is_a_problem(facts: Facts) -> None:
    told = Problem("whatever_the_plan_calls_it", "it is older")
    assert state(facts, remote=remote(did="blocked", problem=told)) == "attention"
    assert state(facts, remote=remote(did="failed", problem=told)) == "problem"
    assert build(replace(facts, remote=remote(did="blocked", problem=told)))["rules"][0]["state"] == "problem"


def test_two_secrets_that_ask_the_same_are_two_problems_and_each_is_named(facts: Facts) -> None:
    def asks(rule: str, name: str) -> Outcome:
        told = Problem(
            "vanished", "it was deleted elsewhere", source="claude", remedy=f"amika sync resolve {rule} restore"
        )
        return Outcome(rule, "claude", "oauth", "user", name, "blocked", told.message, told)

    both = {"one": asks("one", "Claude OAuth"), "two": asks("two", "Work")}
    shown = build(replace(facts, remote=replace(remote(), outcomes=both)))["problems"]
    assert [(line["message"], line["remedy"].split()[3]) for line in shown] == [
        ("“Claude OAuth”: it was deleted elsewhere", "one"),
        ("“Work”: it was deleted elsewhere", "two"),
    ]


def test_a_login_that_has_expired_is_one_problem_though_it_is_pushed(facts: Facts) -> None:
    its = Problem("expired", "/p: the login has expired", source="claude-oauth", path="/p", remedy="sign in")
    same = Problem("expired", its.message, source="claude", remedy=its.remedy)
    both = replace(facts, local=local(claude(), problems=(its,)), remote=remote(did="blocked", problem=same))
    assert [line["message"] for line in build(both)["problems"]] == [its.message]
    assert build(both)["state"] == "attention"


def test_a_server_that_cannot_be_reached_is_one_problem_however_many_secrets_wait(facts: Facts) -> None:
    def fails(rule: str) -> Outcome:
        told = Problem("api", "the server answered 500", source="claude", remedy="Try again later.")
        return Outcome(rule, "claude", "oauth", "user", rule, "failed", told.message, told)

    both = {"one": fails("one"), "two": fails("two")}
    (shown,) = build(replace(facts, remote=replace(remote(), outcomes=both)))["problems"]
    assert shown["message"] == "the server answered 500"


def test_a_value_that_changed_since_the_last_reconciliation_is_pending_not_in_sync(facts: Facts) -> None:
    changed = replace(facts, local=local(claude(value="sk-ant-oat01-fake-value-9"), codex()))
    found = build(changed)
    assert found["state"] == "working"
    assert found["rules"][0]["state"] == "pending"
    assert found["credentials"][0]["sync"]["state"] == "pending"


def test_waiting_for_time_is_work_and_waiting_for_a_credential_is_not(facts: Facts) -> None:
    assert state(facts, remote=remote(did="waiting", due_at=NOW + 1)) == "working"
    assert state(facts, remote=remote(did="waiting")) == "in_sync"


def test_the_same_problem_is_told_once(facts: Facts) -> None:
    told = Problem("malformed", "m", source="s", path="/p")
    again = Problem("malformed", "m", source="s", path="/p")
    assert len(build(replace(facts, local=local(problems=(told, again))))["problems"]) == 1


def test_a_sign_in_under_way_is_shown(facts: Facts) -> None:
    shown = {"service": "amika", "state": "waiting", "user_code": "FAKE-CODE"}
    assert build(replace(facts, account=AccountFacts(SIGNED_IN, sign_in=shown)))["sign_in"] == shown


def test_no_value_and_nothing_that_steers_a_terminal_leaves(facts: Facts) -> None:
    nasty = Credential(
        "ev\u202eil", API_KEY, Secret("sk-fake-value-3"), "opencode", "/h/\x1b[2J", 200, account="x\x07@example.com"
    )
    told = Problem("malformed", "near sk-fake-value-4 in it", path="/h/\x1b[2J", remedy="Bearer fake-value-5-opaque")
    shown = json.dumps(
        build(replace(facts, local=local(claude(), codex(), nasty, problems=(told,)))), ensure_ascii=False
    )
    assert "fake-value" not in shown
    for character in ("\x1b", "\\u001b", "\u202e", "\x07", "\\u0007"):
        assert character not in shown
