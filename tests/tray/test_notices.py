"""Notifications: what is told, once, and never what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.tray.sample import HOUR, credential, machine

from amika_shared.snapshot import read_snapshot
from amika_tray.menu.describe import Link
from amika_tray.notices.notices import SOON, Known, next_due, notices
from amika_tray.notices.told import MOST, Told

NOW = 1_800_000_000.0
SIGNED_IN = {"service": "amika", "signed_in": True, "method": "session", "email": "dev@example.com", "user_id": "u1"}


def known(at: float = NOW, link: Link | None = None, **fields: Any) -> Known:
    whole = {"state": "in_sync", "accounts": [SIGNED_IN], "credentials": [], **fields}
    return Known(read_snapshot(whole), link or Link(), at)


def login(ends: float) -> dict[str, Any]:
    return credential("claude-oauth", "anthropic", "oauth", ends, "in_sync", "X")


def titles(before: Known | None, after: Known) -> list[str]:
    return [notice.title for notice in notices(before, after)]


def test_nothing_is_told_while_nothing_happens() -> None:
    assert notices(None, known()) == []
    assert notices(known(), known(NOW + HOUR)) == []


def test_the_first_start_says_what_comes_next_and_no_other_does() -> None:
    nobody: dict[str, Any] = {"state": "signed_out", "accounts": []}
    (notice,) = notices(None, known(**nobody))
    assert (notice.key, notice.text) == ("welcome", "Next: sign in. Click here, or on the icon in your panel.")
    assert notices(known(**nobody), known(**nobody)) == []
    assert titles(None, known(state="signed_out", accounts=[SIGNED_IN])) == []
    under_way = {"service": "amika", "state": "waiting", "user_code": "A", "verification_uri": "https://x.example.com"}
    assert titles(None, known(**nobody, sign_in=under_way)) == []


def test_a_login_that_ends_soon_is_told_and_its_key_is_that_very_end() -> None:
    soon = known(credentials=[login(NOW + 20 * 60)])
    (notice,) = notices(known(), soon)
    assert notice.title == "Anthropic login expires in 20 min"
    assert notice.key == notices(soon, known(NOW + 60, credentials=[login(NOW + 20 * 60)]))[0].key
    assert notice.key != notices(None, known(credentials=[login(NOW + 25 * 60)]))[0].key
    assert titles(known(), known(credentials=[login(NOW + HOUR)])) == []
    assert titles(known(), known(credentials=[login(NOW - 1)])) == []


def test_api_keys_and_what_is_not_used_are_no_news() -> None:
    key = credential("opencode", "groq", "api_key", NOW + 60, "in_sync", "GROQ_API_KEY")
    assert titles(known(), known(credentials=[key, {**login(NOW + 60), "used": False}])) == []


def test_a_renewal_is_told_when_the_end_was_near_or_past() -> None:
    after = known(credentials=[login(NOW + 8 * HOUR)])
    assert titles(known(credentials=[login(NOW + 60)]), after) == ["Anthropic login was renewed"]
    assert titles(known(credentials=[login(NOW - HOUR)]), after) == ["Anthropic login was renewed"]
    assert titles(known(credentials=[login(NOW + 2 * HOUR)]), after) == []


def test_signing_out_is_told_whoever_did_it() -> None:
    out = known(state="signed_out", accounts=[{**SIGNED_IN, "signed_in": False}])
    assert titles(known(), out) == ["Signed out of Amika"]
    assert titles(known(), known(state="signed_out", accounts=[])) == ["Signed out of Amika"]
    assert titles(out, out) == []
    assert titles(None, out) == ["Amika is running"]  # the first start of all, of which nothing else is told


def test_what_needs_a_person_is_told_with_its_remedy_and_recovery_when_it_is_over() -> None:
    ill = known(state="problem", problems=[{"code": "malformed", "message": "x is damaged", "remedy": "repair x"}])
    (notice,) = notices(known(), ill)
    assert (notice.title, notice.text, notice.page) == ("x is damaged", "repair x", "problems")
    assert notices(ill, ill) == []
    assert titles(ill, known()) == ["Everything is in sync again"]
    assert titles(known(state="offline"), known()) == []
    assert titles(known(state="offline", pending=[{"rule": "r1"}]), known()) == ["Everything is in sync again"]


def test_a_problem_that_counts_minutes_is_the_same_problem() -> None:
    def ill(text: str) -> Known:
        return known(state="problem", problems=[{"code": "clock", "source": "x", "path": "/y", "message": text}])

    assert notices(ill("for 3 min"), ill("for 4 min")) == []


def test_an_agent_that_cannot_be_reached_is_told_once_and_a_start_is_not() -> None:
    dead = known(link=Link("failed", "It does not answer."))
    assert titles(known(), dead) == ["Nothing is kept in sync"]
    assert titles(dead, known(link=Link("failed", "It is still silent."))) == []
    assert titles(None, dead) == []
    assert titles(known(), known(link=Link("starting"))) == []
    assert titles(dead, known()) == ["Everything is in sync again"]


def test_it_is_known_when_to_look_at_the_clock_again() -> None:
    assert next_due(known(credentials=[login(NOW + 3 * HOUR), login(NOW + HOUR)])) == NOW + HOUR - SOON
    assert next_due(known(credentials=[login(NOW + 60)])) is None


@pytest.mark.parametrize("name", ["<b>x</b>\x1b[0m" * 50, "x" * 500])
def test_names_are_short_plain_text(name: str) -> None:
    ill = known(state="problem", problems=[{"code": "c", "message": name, "remedy": name}])
    (notice,) = notices(known(), ill)
    assert len(notice.title) <= 120
    assert notice.title.isprintable()


def test_a_whole_machine_at_the_first_look_is_not_a_flood() -> None:
    assert len(notices(None, known(**machine(NOW)))) <= 6


def test_told_is_told_over_restarts_and_forgets_the_oldest(tmp_path: Path) -> None:
    first = Told(str(tmp_path / "state" / "told.json"))
    assert first.first_time("expiring:claude-oauth/anthropic:5")
    assert not first.first_time("expiring:claude-oauth/anthropic:5")
    first.save(first.marks())
    assert (tmp_path / "state" / "told.json").stat().st_mode & 0o777 == 0o600
    second = Told(first.path)
    second.take(second.load())
    assert not second.first_time("expiring:claude-oauth/anthropic:5")
    for number in range(MOST + 5):
        second.first_time(str(number))
    assert len(second.marks()) == MOST


@pytest.mark.parametrize("content", ["", "{", "null", "[1, null]", "[" * 5000])
def test_a_damaged_file_of_what_was_told_only_repeats(tmp_path: Path, content: str) -> None:
    path = tmp_path / "told.json"
    path.write_text(content)
    assert Told(str(path)).load() == []
    Told(str(tmp_path / "told.json" / "x")).save(["a"])  # cannot be written: nothing is raised
