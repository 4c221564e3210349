"""The activity names things as the other pages do, and its times are those of the clock here."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from amika_local.sources import TABLE
from amika_tray.event_words import subject_words, why_words
from amika_tray.rows import activity_rows
from amika_tray.wording import SOURCES

RULES = {"claude-oauth": "Claude OAuth", "r2": "<b>&"}


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("claude-oauth/anthropic", "Anthropic (Claude Code)"),
        ("claude-keychain/anthropic", "Anthropic (Claude Code)"),
        ("opencode/some-new-one", "some-new-one (OpenCode)"),
        ("GROQ_API_KEY (opencode)", "GROQ_API_KEY (OpenCode)"),
        ("Claude OAuth (user)", "Claude OAuth, for you"),
        ("AMP_API_KEY (org)", "AMP_API_KEY, for the organization"),
        ("claude-oauth", "“Claude OAuth”"),
        ("r2", "“<b>&”"),
        ("amika", "Amika"),
        ("claude", "Claude Code"),
        ("sync.auto_push", "“Push by itself”"),
        ("everything", "everything"),
        ("a/b/c", "a/b/c"),
        ("name (of no source)", "name (of no source)"),
        ("KEY (workspace)", "KEY (workspace)"),
        ("", ""),
    ],
)
def test_a_subject_is_named(subject: str, words: str) -> None:
    assert subject_words(subject, RULES) == words


@pytest.mark.usefixtures("tokyo")
def test_times_are_local() -> None:
    assert why_words("in /x; expires 2026-11-21T09:24:00Z") == "in /x; expires 2026-11-21 18:24"
    assert why_words("until 2026-11-21T23:59:59.123456Z") == "until 2026-11-22 08:59"
    assert why_words("until 2026-13-41T09:24:00Z") == "until 2026-13-41T09:24:00Z"


def test_a_row_has_the_words() -> None:
    event = {"at": 0, "what": "paused", "subject": "r2", "why": "until resumed", "caller": "amika"}
    assert activity_rows({"events": [event]}, RULES)[0].cells[1:] == ("paused", "“<b>&”", "until resumed", "amika")


def test_every_source_has_a_name_for_a_person() -> None:
    assert {row.id for row in TABLE} <= set(SOURCES)
