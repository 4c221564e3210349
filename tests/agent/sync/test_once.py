"""Pushes without a rule, over real HTTP."""

from __future__ import annotations

import json

import pytest
from tests.agent.sync.world import (
    names,
    never_none,
)

from amika_local.errors import Failed, UsageError
from amika_local.secret import Secret


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
