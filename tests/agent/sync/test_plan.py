"""The plan is a pure function: the same facts give the same actions, each with its reason and no value."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.agent.sync.world import START, claude

from amika_agent.sync import plan, rules
from amika_agent.sync.facts import Facts, Listed, PushSettings
from amika_agent.sync.outcome import told
from amika_agent.sync.records import Hold, Pending, Pushed
from amika_agent.sync.replace import begin

RULE = rules.rule_for(claude("one"))
HERE = [Listed("id-1", "Claude OAuth", "oauth", "user")]


def mark(text):
    return f"mark-{len(text)}-{hash(text) % 1000}"


def pushed(token="one", **changes):
    from amika_agent.sync.payload import payload

    fingerprint = mark(payload(RULE, claude(token)).reveal())
    entry = Pushed(
        RULE.id, "claude", "oauth", "user", RULE.name, "id-1", fingerprint, "ada@example.com", START + 8 * 3600, START
    )  # fmt: skip
    return {RULE.id: replace(entry, **changes)}


def facts(*credentials, **more):
    return Facts(
        **{
            "rules": [RULE], "credentials": list(credentials or [claude("one")]), "problems": [], "now": START,
            "machine": "01234567", "fingerprint": mark, "listing": {"claude": HERE}, **more,
        }
    )  # fmt: skip


def lines(given):
    return [(action.kind, action.code) for action in plan.plan(given).actions]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts(listing={"claude": []}), [("create", "new")]),
        (facts(), [("replace", "takes_over")]),
        (facts(ledger=pushed()), [("keep", "in_sync")]),
        (facts(ledger=pushed(verified=False)), [("keep", "assumed")]),
        (facts(claude("two"), ledger=pushed()), [("replace", "changed")]),
        (facts(claude("two"), ledger=pushed(), settings=PushSettings(spacing=2.0)), [("wait", "just_pushed")]),
        (
            facts(claude("two"), ledger=pushed(pushed_at=START - 2), settings=PushSettings(spacing=2.0)),
            [("replace", "changed")],
        ),
        (
            facts(claude("two"), ledger=pushed(pushed_at=START + 99), settings=PushSettings(spacing=2.0)),
            [("replace", "changed")],
        ),
        (facts(claude("two"), ledger=pushed(), listing={"claude": []}), [("create", "changed")]),
        (facts(ledger=pushed(), listing={"claude": []}), [("blocked", "vanished")]),
        (facts(ledger=pushed(remote_id="id-0")), [("blocked", "replaced_elsewhere")]),
        (facts(ledger=pushed(), listing={}), [("keep", "in_sync")]),
        (facts(claude("two"), ledger=pushed(), listing={}), [("wait", "unlisted")]),
        (facts(settings=PushSettings(paused_until=START + 1)), [("wait", "paused")]),
        (facts(settings=PushSettings(paused_until=START)), [("replace", "takes_over")]),
        (facts(still_since={RULE.id: START - 0.5}), [("wait", "settling")]),
        (facts(still_since={RULE.id: START - 1.5}), [("replace", "takes_over")]),
        (facts(still_since={RULE.id: START + 99}), [("replace", "takes_over")]),
        (facts(holds={RULE.id: Hold(RULE.id, "contested", "m", "r", "", 0)}), [("blocked", "contested")]),
        (facts(holds={RULE.id: Hold(RULE.id, "value_refused", "m", "r", "other", 0)}), [("replace", "takes_over")]),
        (facts(rules=[]), []),
    ],
)
def test_what_the_facts_call_for(given, expected):
    assert lines(given) == expected
    assert plan.plan(given) == plan.plan(given)


def test_open_replacements_come_first_and_their_rule_waits():
    entry = Pending(RULE.id, "claude", "oauth", "user", RULE.name, begin("t", "B", "id-1"), START)
    assert lines(facts(pending=[entry])) == [("finish", "open")]


def test_offline_is_said():
    assert plan.plan(facts(listing={})).offline
    assert not plan.plan(facts()).offline


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([*HERE, Listed("s", "Claude OAuth (amika 01234567-abcdef)", "oauth", "user")], ("sweep", "left_over")),
        ([*HERE, Listed("s", "N (amika 99999999-abcdef)", "oauth", "user")], ("blocked", "left_over_elsewhere")),
        ([*HERE, Listed("s", "Other (amika 01234567-abcdef)", "oauth", "user")], ("blocked", "only_copy")),
    ],
)  # fmt: skip
def test_left_overs(listed, expected):
    assert lines(facts(ledger=pushed(), listing={"claude": listed}))[1:] == [expected]


def test_there_is_no_value_in_a_plan_and_it_is_json():
    everything = [
        facts(), facts(claude("two"), ledger=pushed()), facts(claude("two", account="eve"), ledger=pushed()),
        facts(claude("two", expires_at=START - 5)), facts(claude("two", path="/elsewhere")),
    ]  # fmt: skip
    for given in everything:
        text = json.dumps(plan.plan(given).to_json())
        assert "fake-" not in text
        assert all(action["reason"] for action in json.loads(text)["actions"])


def test_whatever_needs_a_person_says_what_to_do():
    stopped = [
        facts(claude("two", account="eve@example.com"), ledger=pushed()),
        facts(claude("two", path="/elsewhere")),
        facts(ledger=pushed(), listing={"claude": []}),
        facts(ledger=pushed(remote_id="id-0")),
        facts(claude("two", expires_at=START + 5), ledger=pushed()),
        facts(credentials=[], rules=[replace(RULE, on_removal="ask")], ledger=pushed()),
    ]
    for given in stopped:
        (action,) = plan.plan(given).actions
        assert action.kind == plan.BLOCKED
        assert told(action).problem.remedy, action.code


def test_a_thousand_rules_are_planned_in_order():
    many = [replace(RULE, id=f"r{n}", name=f"N{n}") for n in range(1000)]
    found = plan.plan(facts(rules=many, listing={"claude": []})).actions
    assert [action.rule for action in found] == [rule.id for rule in many]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("N (amika 01234567-abcdef)", rules.Bridge("01234567", "N", "user")),
        ("N [org] (amika 01234567-abcdef)", rules.Bridge("01234567", "N", "org")),
        ("N (amika 0123456-abcdef)", None),
        ("N (amika 01234567-abcdef) ", None),
        ("N", None),
    ],
)
def test_temporary_names(name, expected):
    assert rules.bridge_of(name) == expected


@pytest.mark.parametrize("scope", ["user", "org"])
def test_temporary_names_round_trip(scope):
    name = rules.bridge_name("Claude OAuth", "89abcdef", "012345", scope)
    assert rules.bridge_of(name) == rules.Bridge("89abcdef", "Claude OAuth", scope)


def test_rule_ids_are_speakable_and_unique():
    first = rules.rule_for(claude("one"))
    second = rules.rule_for(claude("one"), name="Other", taken=[first.id])
    third = rules.rule_for(claude("one"), scope="org", taken=[first.id, second.id])
    assert [first.id, second.id, third.id] == ["claude-oauth", "claude-oauth-2", "claude-oauth-org"]


def test_a_taken_name_gets_the_hosts():
    assert rules.beside(RULE, ["Claude OAuth"], host="lap.top.example").name == "Claude OAuth (lap)"
    assert rules.beside(RULE, ["Other"], host="laptop") == RULE
