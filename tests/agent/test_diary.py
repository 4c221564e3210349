from __future__ import annotations

from pathlib import Path

import pytest

from amika_agent.activity import ActivityLog
from amika_agent.clock import SystemClock
from amika_agent.diary import Diary
from amika_agent.sync.env_cache import EnvCacheResult
from amika_agent.sync.outcome import Outcome

OUT = {"authenticated": False, "method": "none"}
IN = {
    "authenticated": True,
    "method": "session",
    "email": "a@example.com",
    "user_id": "u",
    "org_id": "o",
    "expires_at": 1.0,
}


@pytest.fixture
def log(tmp_path: Path):
    log = ActivityLog(str(tmp_path / "activity.db"), SystemClock())
    yield log
    log.close()


def told(log: ActivityLog) -> list[tuple[str, str]]:
    return [(event.what, event.subject) for event in log.events()]


def outcome(did: str, reason: str = "because") -> Outcome:
    return Outcome("claude-oauth", "claude", "oauth", "user", "Claude OAuth", did, reason)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (OUT, IN, ["signed_in"]),
        (IN, OUT, ["signed_out"]),
        (IN, {**IN, "expires_at": 2.0}, ["renewed"]),
        (IN, {**IN, "org_id": "other"}, ["signed_in"]),
        (IN, IN, []),
        (OUT, OUT, []),
    ],
)
def test_what_happens_to_the_account(log: ActivityLog, before: dict, after: dict, what: list[str]) -> None:
    Diary(log, "agent").account(before, after)
    assert [event.what for event in log.events()] == what


def test_changes_of_the_env_cache_by_name(log: ActivityLog) -> None:
    diary = Diary(log, "agent")
    diary.cached(EnvCacheResult("current", 1, changed=("OPENAI_API_KEY",)))
    diary.cached(EnvCacheResult("current", 1))
    assert told(log) == [("cached", "OPENAI_API_KEY")]


def test_what_was_sent_is_told_each_time_and_what_failed_once(log: ActivityLog) -> None:
    diary = Diary(log, "amika")
    diary.outcomes({}, [outcome("created"), outcome("unchanged"), outcome("waiting")], "a@example.com")
    failed = outcome("failed", "the server refused it")
    diary.outcomes({}, [failed], "a@example.com")
    diary.outcomes({"claude-oauth": failed}, [failed], "a@example.com")
    diary.outcomes({"claude-oauth": failed}, [outcome("failed", "another reason")], "a@example.com")
    assert told(log) == [("pushed", "Claude OAuth (user)"), *[("failed", "Claude OAuth (user)")] * 2]
    assert {event.caller for event in log.events()} == {"amika"}
