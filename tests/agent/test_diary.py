from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from amika_agent.activity.diary import Diary
from amika_agent.activity.log import ActivityLog
from amika_agent.clock import SystemClock
from amika_agent.sync.env_cache import EnvCacheResult
from amika_agent.sync.outcome import Outcome
from amika_agent.sync.rules import Rule
from amika_local.credential import Credential, Problem
from amika_local.findings import Discovery
from amika_local.secret import Secret

OUT = {"authenticated": False, "method": "none"}
IN = {
    "authenticated": True,
    "method": "session",
    "email": "a@example.com",
    "user_id": "u",
    "org_id": "o",
    "expires_at": 1.0,
}
RULE = Rule("claude-oauth", "claude", "oauth", "user", "Claude OAuth", "claude-oauth", "/h/.claude/.credentials.json")


@pytest.fixture
def log(tmp_path: Path):
    log = ActivityLog(str(tmp_path / "activity.db"), SystemClock())
    yield log
    log.close()


def told(log: ActivityLog) -> list[tuple[str, str]]:
    return [(event.what, event.subject) for event in log.events()]


def outcome(did: str, reason: str = "because") -> Outcome:
    return Outcome("claude-oauth", "claude", "oauth", "user", "Claude OAuth", did, reason)


def found(*credentials: Credential, problems: tuple[Problem, ...] = ()) -> Discovery:
    discovery = Discovery()
    discovery.credentials, discovery.problems = list(credentials), list(problems)
    return discovery


def key(source: str, value: str, kind: str = "api_key") -> Credential:
    return Credential("openai", kind, Secret(f"sk-fake-{value}"), source, f"/h/{source}", 300)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (OUT, IN, ["signed_in"]),
        (IN, OUT, ["signed_in", "signed_out"]),
        (IN, {**IN, "expires_at": 2.0}, ["signed_in", "renewed"]),
        (IN, {**IN, "org_id": "other"}, ["signed_in", "signed_in"]),
        (IN, {**IN, "method": "env_api_key"}, ["signed_in"]),
        (IN, IN, ["signed_in"]),
        (OUT, OUT, []),
    ],
)
def test_what_happens_to_the_account(log: ActivityLog, before: dict, after: dict, what: list[str]) -> None:
    diary = Diary(log, "agent")
    diary.account(before)
    diary.account(after)
    assert [event.what for event in log.events()] == what


def test_two_processes_and_a_restart_tell_a_thing_once(log: ActivityLog, tmp_path: Path) -> None:
    Diary(log, "amika auth login").account(IN)
    other = ActivityLog(str(tmp_path / "activity.db"), SystemClock())
    Diary(other, "agent").account(IN)
    other.close()
    assert [(event.what, event.caller) for event in log.events()] == [("signed_in", "amika auth login")]


def test_credentials_are_found_change_and_go(log: ActivityLog) -> None:
    diary = Diary(log, "agent")
    for discovery in (
        found(key("codex", "one")),
        found(key("codex", "one")),
        found(key("codex", "two"), key("opencode", "x")),
        found(key("opencode", "x")),
    ):
        diary.credentials("/h", discovery, lambda value: f"print of {len(value)} {value[-3:]}")
    assert told(log) == [
        ("found", "codex/openai"),
        ("changed", "codex/openai"),
        ("found", "opencode/openai"),
        ("gone", "codex/openai"),
    ]
    assert "sk-fake" not in "".join(event.why for event in log.events())


def test_a_file_that_cannot_be_read_is_not_gone(log: ActivityLog) -> None:
    diary = Diary(log, "agent")
    diary.credentials("/h", found(key("codex", "one")), str)
    broken = Problem("malformed", "/h/codex is not JSON", source="codex", path="/h/codex")
    diary.credentials("/h", found(problems=(broken,)), str)
    diary.credentials("/h", found(key("codex", "one")), str)
    assert told(log) == [("found", "codex/openai")]


def test_a_key_and_a_login_of_one_file_are_two(log: ActivityLog) -> None:
    Diary(log, "agent").credentials("/h", found(key("codex", "one"), key("codex", "two", "oauth")), str)
    assert told(log) == [("found", "codex/openai"), ("found", "codex/openai/oauth")]


def test_changes_of_the_env_cache_by_name(log: ActivityLog) -> None:
    diary = Diary(log, "agent")
    diary.cached(EnvCacheResult("current", 1, changed=("GROQ_API_KEY", "OPENAI_API_KEY"), removed=("GROQ_API_KEY",)))
    diary.cached(EnvCacheResult("current", 1))
    assert told(log) == [("uncached", "GROQ_API_KEY"), ("cached", "OPENAI_API_KEY")]


def test_what_was_sent_is_told_each_time_and_what_failed_once(log: ActivityLog) -> None:
    diary = Diary(log, "amika")
    diary.outcomes({}, [outcome("created"), outcome("unchanged"), outcome("waiting")], "a@example.com")
    failed = outcome("failed", "the server refused it")
    diary.outcomes({}, [failed], "a@example.com")
    diary.outcomes({"claude-oauth": failed}, [failed], "a@example.com")
    diary.outcomes({"claude-oauth": failed}, [outcome("failed", "another reason")], "a@example.com")
    assert told(log) == [("created", "Claude OAuth (user)"), *[("failed", "Claude OAuth (user)")] * 2]
    assert {event.caller for event in log.events()} == {"amika"}


def test_rules_are_added_changed_paused_resumed_and_forgotten(log: ActivityLog) -> None:
    diary = Diary(log, "amika sync")
    paused = replace(RULE, paused_until=float("inf"))
    diary.rules([], [RULE], "asked for")
    diary.rules([RULE], [replace(RULE, on_removal="delete")], "")
    diary.rules([RULE], [paused], "")
    diary.rules([paused], [RULE], "resumed")
    diary.rules([RULE], [], "asked for")
    diary.rules([RULE], [RULE], "")
    assert [event.what for event in log.events()] == [
        "rule_added", "rule_changed", "paused", "resumed", "rule_forgotten"
    ]  # fmt: skip
    assert log.events()[2].why == "until resumed"


def test_who_asked_is_named_while_it_lasts(log: ActivityLog) -> None:
    diary = Diary(log, "agent")
    with diary.asked_by("amika (pid 7)"):
        diary.note("paused", "everything", "until resumed")
    diary.note("resumed", "everything", "over")
    assert [event.caller for event in log.events()] == ["amika (pid 7)", "agent"]


def test_a_path_that_is_no_text_is_told_once(log: ActivityLog) -> None:
    credential = key("codex", "one")
    credential.path = "/h\udcff/auth.json"
    for discovery in (found(credential), found(credential), found()):
        Diary(log, "agent").credentials("/h\udcff", discovery, str)
    assert told(log) == [("found", "codex/openai"), ("gone", "codex/openai")]
