from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amika_cli import render, status_text
from amika_cli.up import live_text
from amika_shared.snapshot import empty_snapshot, read_snapshot

NOW = 1_800_000_000.0

FULL = {
    "state": "in_sync",
    "accounts": [
        {
            "service": "amika",
            "signed_in": True,
            "method": "session",
            "email": "dev@example.com",
            "organization": "Example",
            "api_url": "https://app.example.com",
            "expires_at": NOW + 300,
        }
    ],
    "credentials": [
        {
            "id": "claude-oauth/anthropic",
            "provider": "anthropic",
            "kind": "oauth",
            "source": "claude-oauth",
            "path": "/home/dev/.claude/.credentials.json",
            "expires_at": NOW + 3 * 3600,
            "used": True,
            "sync": {"state": "in_sync", "rule": "claude-oauth", "remote_name": "Claude OAuth"},
        },
        {
            "id": "amp/anthropic",
            "provider": "anthropic",
            "kind": "api_key",
            "source": "amp",
            "path": "/home/dev/.amp/config.json",
            "used": False,
            "shadowed_by": "claude-oauth/anthropic",
        },
    ],
    "env_cache": {"path": "/home/dev/.cache/amika/env-cache.json", "state": "current", "entries": 1, "written_at": NOW},
    "rules": [
        {
            "id": "claude-oauth",
            "provider": "claude",
            "type": "oauth",
            "scope": "user",
            "name": "Claude OAuth",
            "source": "claude-oauth",
            "state": "in_sync",
            "pushed_at": NOW - 120,
        }
    ],
    "problems": [
        {
            "code": "malformed",
            "source": "codex",
            "path": "/home/dev/.codex/auth.json",
            "message": "/home/dev/.codex/auth.json is not JSON",
            "remedy": "Sign in again: codex login",
        }
    ],
}


def short(path):
    return render.home_short(path, "/home/dev")


def test_a_full_page():
    lines = status_text.status_lines(read_snapshot(FULL), "running", NOW, short)
    assert lines == [
        "Amika      dev@example.com · Example · signed in · renewed within 5 min",
        "           at https://app.example.com",
        "Agent      running",
        "",
        "CREDENTIAL  KIND     EXPIRES  REMOTE                     FILE",
        "anthropic   oauth    in 3 h   in sync: Claude OAuth      ~/.claude/.credentials.json",
        "anthropic   api_key           outranked by claude-oauth  ~/.amp/config.json",
        "",
        "Env cache  current: 1 entry, written 0 s ago: ~/.cache/amika/env-cache.json",
        "",
        "RULE          KIND    SECRET        SCOPE  STATE",
        "claude-oauth  claude  Claude OAuth  user   in sync, pushed 2 min ago",
        "",
        "Problems",
        "  ~/.codex/auth.json is not JSON",
        "    → Sign in again: codex login",
    ]


def test_an_empty_page_says_what_to_do():
    text = "\n".join(status_text.status_lines(empty_snapshot(), "not running", NOW, short))
    assert "nobody is signed in (amika auth login)" in text
    assert "No credentials were found" in text


def test_a_signed_out_service_names_its_own_command():
    snapshot = read_snapshot({"accounts": [{"service": "almyty"}, {"service": "amika"}]})
    lines = status_text.status_lines(snapshot, "", NOW, short)
    assert lines[0] == "almyty     nobody is signed in (amika auth login almyty)"
    assert lines[1] == "Amika      nobody is signed in (amika auth login)"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=20), lambda c: st.lists(c, max_size=3)))
def test_any_value_in_any_field_makes_a_page(value):
    fields = dict.fromkeys(FULL, value)
    for wrapped in (fields, {key: [dict.fromkeys(FULL["credentials"][0], value)] for key in FULL}):
        snapshot = read_snapshot(wrapped)
        for line in status_text.status_lines(snapshot, "", NOW, short, width=60):
            assert "\x1b" not in line
        live_text.changes(empty_snapshot(), snapshot, NOW, short)
        live_text.summary(snapshot)


def test_what_is_new_is_told_in_order():
    lines = live_text.changes(empty_snapshot(), read_snapshot(FULL), NOW, short)
    assert lines == [
        "signed in as dev@example.com (Example)",
        "found anthropic OAuth token (expires in 3 h): ~/.claude/.credentials.json",
        "found anthropic API key: ~/.amp/config.json",
        "cached 1 entry: ~/.cache/amika/env-cache.json",
        "pushed “Claude OAuth” (claude, scope user)",
        "problem: ~/.codex/auth.json is not JSON → Sign in again: codex login",
    ]


def test_nothing_new_is_no_line():
    assert live_text.changes(read_snapshot(FULL), read_snapshot(FULL), NOW, short) == []


def test_what_goes_is_told():
    lines = live_text.changes(read_snapshot(FULL), empty_snapshot(), NOW, short)
    assert lines == [
        "signed out",
        "gone: anthropic from ~/.claude/.credentials.json",
        "gone: anthropic from ~/.amp/config.json",
        "no longer kept in sync: “Claude OAuth”",
        "solved: ~/.codex/auth.json is not JSON",
    ]


def test_a_renewal_and_a_push_of_it():
    later = {
        **FULL,
        "credentials": [{**FULL["credentials"][0], "expires_at": NOW + 9 * 3600}, FULL["credentials"][1]],
        "rules": [{**FULL["rules"][0], "pushed_at": NOW}],
    }
    assert live_text.changes(read_snapshot(FULL), read_snapshot(later), NOW, short) == [
        "renewed by its owner: anthropic OAuth token (expires in 9 h)",
        "pushed “Claude OAuth” (claude, scope user)",
    ]


def test_summary():
    assert live_text.summary(read_snapshot(FULL)) == "in sync · 1 found · 1 cached · 1 pushed · 1 problem"


def test_what_the_agent_left_out_of_its_answer_is_counted() -> None:
    snapshot = read_snapshot({**FULL, "left_out": {"credentials": 9_000}})
    lines = status_text.status_lines(snapshot, "running", NOW, short)
    assert [line for line in lines if "9000 more" in line] == [
        "… and 9000 more, which the agent leaves out of one answer"
    ]


def test_a_token_of_the_environment_and_a_key_that_ends_are_called_what_they_are():
    accounts = [
        {"service": "akos", "signed_in": True, "method": "env_api_key"},
        {
            "service": "almyty",
            "signed_in": True,
            "method": "stored_api_key",
            "email": "a@b.c",
            "expires_at": NOW + 7200,
        },
        {"service": "amika", "signed_in": True, "method": "env_api_key"},
    ]
    lines = status_text.status_lines(read_snapshot({"accounts": accounts}), "", NOW, str)
    assert lines[:3] == [
        "AKOS       somebody · a token of the environment",
        "almyty     a@b.c · stored API key · ends in 2 h",
        "Amika      somebody · AMIKA_API_KEY",
    ]
