"""The menu as a value: what it says for every state, and that no snapshot can break it."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amika_shared.snapshot import STATES, Snapshot, read_snapshot
from amika_tray.menu.describe import (
    CREDENTIALS_SHOWN,
    PROBLEMS_SHOWN,
    Entry,
    Link,
    describe,
    headline,
    icon_state,
    tooltip,
)
from amika_tray.menu.details import details

NOW = 1_800_000_000.0
HOUR = 3600.0

ACCOUNT = {
    "service": "amika",
    "signed_in": True,
    "method": "session",
    "email": "dev@example.com",
    "organization": "Example Org",
    "expires_at": NOW + 280,
}
CLAUDE = {
    "id": "claude-oauth/anthropic",
    "provider": "anthropic",
    "kind": "oauth",
    "source": "claude-oauth",
    "path": "/home/dev/.claude/.credentials.json",
    "expires_at": NOW + 3.5 * HOUR,
    "used": True,
    "env_name": "ANTHROPIC_API_KEY",
    "sync": {"state": "in_sync", "remote_name": "Claude OAuth", "pushed_at": NOW - 120},
}


def snapshot(**fields: Any) -> Snapshot:
    return read_snapshot({"state": "in_sync", "accounts": [ACCOUNT], "credentials": [CLAUDE], **fields})


def texts(entries: list[Entry]) -> list[str]:
    return [entry.text for entry in entries if entry.kind == "action"]


def test_a_name_from_right_to_left_leaves_the_order_of_the_others() -> None:
    account = {**ACCOUNT, "email": "\u05d3@example.com", "organization": "\u05d7\u05d1\u05e8\u05d4"}
    said = describe(snapshot(accounts=[account]), NOW)[0].text
    assert said == "\u2068\u05d3@example.com\u2069, \u2068\u05d7\u05d1\u05e8\u05d4\u2069, renews in 4 min"
    two = describe(snapshot(accounts=[account, {**account, "service": "almyty"}]), NOW)[0].text
    assert two.startswith("\u2068Amika: \u2068\u05d3@example.com\u2069\u2069, ")


def test_the_menu_of_someone_signed_in_from_top_to_bottom() -> None:
    assert [entry.text or "-" for entry in describe(snapshot(), NOW)] == [
        "dev@example.com, Example Org, renews in 4 min",
        "Sign out",
        "-",
        "Anthropic login (Claude Code), expires in 3 h, in sync",
        "-",
        "Everything is in sync",
        "Sync now",
        "Pause for 1 h",
        "Pause until resumed",
        "Copy environment",
        "-",
        "Sign in to almyty…",
        "Sign in to AKOS…",
        "-",
        "Open Amika…",
        "Settings…",
        "-",
        "Quit…",
    ]


def test_signed_out_offers_to_sign_in_and_teaches_what_would_appear() -> None:
    menu = describe(read_snapshot({"state": "signed_out"}), NOW)
    assert texts(menu)[:3] == ["Not signed in", "Sign in…", "No credentials found yet"]
    assert [entry.action for entry in menu if entry.text == "Sign in…"] == ["sign_in"]
    assert [entry.target for entry in menu if entry.text == "Sign in…"] == ["amika"]


def test_a_sign_in_under_way_can_be_continued() -> None:
    menu = describe(read_snapshot({"state": "signed_out", "sign_in": {"service": "amika", "state": "waiting"}}), NOW)
    assert "Continue signing in…" in texts(menu)


def test_several_services_name_themselves() -> None:
    menu = texts(describe(snapshot(accounts=[ACCOUNT, {"service": "almyty", "signed_in": False}]), NOW))
    assert "Sign out of Amika" in menu
    assert "Sign in to almyty…" in menu


def test_every_service_can_be_signed_in_to_once_and_out_of() -> None:
    menu = describe(snapshot(), NOW)
    assert [entry.target for entry in menu if entry.action == "sign_in"] == ["almyty", "akos"]
    akos = {"service": "akos", "signed_in": True, "method": "session", "email": "dev@example.com"}
    menu = describe(snapshot(accounts=[ACCOUNT, akos]), NOW)
    assert [entry.target for entry in menu if entry.action == "sign_in"] == ["almyty"]
    assert [entry.target for entry in menu if entry.action == "sign_out"] == ["amika", "akos"]
    menu = describe(snapshot(accounts=[ACCOUNT, {"service": "almyty", "signed_in": False}]), NOW)
    assert [entry.target for entry in menu if entry.action == "sign_in"] == ["almyty", "akos"]


def test_a_key_from_the_environment_cannot_be_signed_out_of() -> None:
    menu = describe(snapshot(accounts=[{"service": "amika", "signed_in": True, "method": "env_api_key"}]), NOW)
    assert texts(menu)[0] == "API key from AMIKA_API_KEY"
    assert not [entry for entry in menu if entry.action == "sign_out"]
    akos = {"service": "akos", "signed_in": True, "method": "env_api_key"}
    assert "AKOS: Token of the environment" in texts(describe(snapshot(accounts=[ACCOUNT, akos]), NOW))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "Anthropic login (Claude Code), expires in 3 h, in sync"),
        ({"expires_at": None, "kind": "api_key"}, "Anthropic API key (Claude Code), in sync"),
        (
            {"expires_at": NOW - 2 * HOUR, "sync": {"state": "expired"}},
            "Anthropic login (Claude Code), expired 2 h ago",
        ),
        ({"expires_at": NOW + 59}, "Anthropic login (Claude Code), expires in less than a minute, in sync"),
        ({"expires_at": NOW + 90 * 86_400}, "Anthropic login (Claude Code), expires in 90 days, in sync"),
        ({"expires_at": 1e300}, "Anthropic login (Claude Code), expires in more than 100 years, in sync"),
        ({"expires_at": -1e300}, "Anthropic login (Claude Code), expired more than 100 years ago, in sync"),
        ({"expires_at": None, "sync": {"state": "pending"}}, "Anthropic login (Claude Code), waiting to be pushed"),
        ({"expires_at": None, "sync": {"state": "half_done"}}, "Anthropic login (Claude Code), half done"),
        (
            {"expires_at": None, "used": False, "shadowed_by": "opencode/anthropic"},
            "Anthropic login (Claude Code), not used, OpenCode comes first",
        ),
        (
            {"provider": "", "source": "", "expires_at": None, "sync": {}},
            "unknown provider login (unknown source), on this machine only",
        ),
    ],
)
def test_one_line_says_provider_source_expiry_and_state(change: dict[str, Any], said: str) -> None:
    assert said in texts(describe(snapshot(credentials=[{**CLAUDE, **change}]), NOW))


def test_an_expiry_is_never_rounded_up() -> None:
    for seconds in (61, 119, 3599, 3601, 7199, 2 * 86_400 - 1, 2 * 86_400, 800 * 86_400):
        line = texts(describe(snapshot(credentials=[{**CLAUDE, "expires_at": NOW + seconds}]), NOW))[2]
        number, unit = line.partition("expires in ")[2].partition(",")[0].split(" ")
        size = {"min": 60, "h": 3600, "day": 86_400, "days": 86_400, "years": 365.25 * 86_400}[unit]
        assert 0 <= seconds - int(number) * size < size


def test_a_thousand_credentials_stay_a_menu_and_say_how_many_more() -> None:
    many = [{**CLAUDE, "id": f"opencode/p{n}", "provider": f"p{n}"} for n in range(1000)]
    menu = describe(snapshot(credentials=many), NOW)
    assert len(menu) < CREDENTIALS_SHOWN + 20
    assert f"{1000 - CREDENTIALS_SHOWN} more credentials…" in texts(menu)


def test_what_is_used_comes_before_what_is_not() -> None:
    unused = {**CLAUDE, "id": "amp/anthropic", "source": "amp", "used": False, "shadowed_by": "claude-oauth/anthropic"}
    menu = texts(describe(snapshot(credentials=[unused, CLAUDE]), NOW))
    assert menu.index("Anthropic login (Claude Code), expires in 3 h, in sync") < next(
        n for n, text in enumerate(menu) if "not used" in text
    )


def test_problems_are_told_and_lead_to_the_page_with_their_remedies() -> None:
    found = [{"code": "malformed", "message": f"file {n} is damaged", "remedy": f"repair {n}"} for n in range(6)]
    menu = [entry for entry in describe(snapshot(problems=found), NOW) if entry.target == "problems"]
    assert [entry.text for entry in menu][:1] == ["Problem: file 0 is damaged"]
    assert menu[-2].text == f"{6 - PROBLEMS_SHOWN} more problems…"
    assert menu[-1].text == "Everything is in sync"  # the line of the state leads there too
    assert {entry.action for entry in menu} == {"open"}


def test_a_pause_is_offered_for_an_hour_and_until_resumed_and_its_end_while_it_lasts() -> None:
    offered = [(e.action, e.target) for e in describe(snapshot(), NOW) if e.action in ("pause", "resume")]
    assert offered == [("pause", "3600"), ("pause", "")]
    paused = describe(snapshot(state="paused", paused_until=NOW + 60), NOW)
    assert [e.action for e in paused if e.action in ("pause", "resume")] == ["resume"]
    # a problem outweighs the pause in the icon; the pause can be ended all the same
    assert "resume" in [e.action for e in describe(snapshot(state="problem", paused_until=NOW + 60), NOW)]


def test_what_an_older_agent_does_not_know_cannot_be_chosen() -> None:
    menu = describe(snapshot(), NOW, Link(features=frozenset({"status", "watch", "sync"})))
    assert [e.enabled for e in menu if e.action in ("pause", "copy_env")] == [False, False, False]
    assert [e.enabled for e in menu if e.action == "sync"] == [True]


def test_there_is_nothing_to_copy_without_credentials() -> None:
    menu = describe(snapshot(credentials=[]), NOW)
    assert [e.enabled for e in menu if e.action == "copy_env"] == [False]


@pytest.mark.parametrize(("on", "target"), [(True, "off"), (False, "on")])
def test_start_at_login_shows_the_truth_and_offers_the_other(on: bool, target: str) -> None:
    for link in (Link(), Link("stopped")):
        (entry,) = [e for e in describe(snapshot(), NOW, link, at_login=on) if e.action == "at_login"]
        assert (entry.checked, entry.target) == (on, target)
    assert "at_login" not in [e.action for e in describe(snapshot(), NOW)]


def test_an_agent_that_hangs_or_is_of_another_build_can_be_restarted() -> None:
    hangs = describe(snapshot(), NOW, Link("failed", "It does not answer.", "Restart it.", restart=True))
    assert [e.action for e in hangs][:4] == ["", "", "restart_agent", ""]
    other = describe(snapshot(), NOW, Link(reason="another build", restart=True))
    assert "restart_agent" in [e.action for e in other]
    assert "restart_agent" not in [e.action for e in describe(snapshot(), NOW, Link("stopped"))]


def test_keys_are_letters_of_their_entries_and_no_two_entries_share_one() -> None:
    for seen, link in ((snapshot(), Link()), (read_snapshot({}), Link()), (snapshot(), Link("stopped"))):
        entries = [e for e in describe(seen, NOW, link, at_login=True) if e.key]
        assert all(e.key.casefold() in e.text.casefold() for e in entries)
        keys = [e.key for e in entries]
        assert len(keys) == len(set(keys)), keys


def test_markup_and_ampersands_are_text_and_names_lose_their_middle_only() -> None:
    email = "<b>R&D</b>" + "x" * 500 + "@example.com"
    line = texts(describe(snapshot(accounts=[{**ACCOUNT, "email": email}]), NOW))[0]
    assert line.startswith("<b>R&D</b>xxx")
    assert "…" in line
    assert "@example.com, Example Org" in line
    assert len(line) < 120


def test_control_and_direction_characters_do_not_reach_the_menu() -> None:
    email = "dev\u202egro.evil@\x1b[31mexample.com\nsecond\u0085line"
    line = texts(describe(snapshot(accounts=[{**ACCOUNT, "email": email}]), NOW))[0]
    assert not [char for char in line if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")]


def test_the_tooltip_holds_nothing_that_a_host_could_take_for_markup() -> None:
    said = tooltip(snapshot(accounts=[{**ACCOUNT, "email": "<img src=x>@example.com"}]), NOW)
    assert said.startswith("Amika: Everything is in sync\n")
    assert "<" not in said
    assert ">" not in said


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_an_icon_and_words_of_its_own(state: str) -> None:
    seen = snapshot(state=state)
    assert icon_state(seen) == state
    others = {headline(snapshot(state=other), NOW) for other in STATES if other != state}
    assert headline(seen, NOW) not in others


def test_paused_says_for_how_long() -> None:
    assert headline(snapshot(state="paused", paused_until=NOW + HOUR), NOW).startswith("Paused for 1 h:")
    assert headline(snapshot(state="paused", paused_until=None), NOW).startswith("Paused:")


@pytest.mark.parametrize(
    ("link", "icon", "first", "can_start"),
    [
        (Link("starting"), "working", "Starting the agent…", False),
        (Link("stopped"), "paused", "The agent is stopped: nothing is kept in sync", True),
        (Link("failed", "It does not answer.", "Restart it."), "problem", "It does not answer.", True),
    ],
)
def test_without_an_agent_nothing_old_is_shown(link: Link, icon: str, first: str, can_start: bool) -> None:
    menu = describe(snapshot(), NOW, link)
    assert texts(menu)[0] == first
    assert "dev@example.com" not in " ".join(texts(menu)) + tooltip(snapshot(), NOW, link)
    assert icon_state(snapshot(), link) == icon
    assert ("start_agent" in [entry.action for entry in menu]) is can_start
    assert texts(menu)[-1] == "Quit"


def test_a_note_about_the_agent_is_shown_beside_everything_else() -> None:
    menu = texts(describe(snapshot(), NOW, Link(reason="The running agent is of another build (0.0.1): restart it")))
    assert "The running agent is of another build (0.0.1): restart it" in menu
    assert "Sign out" in menu


junk = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=40),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.sampled_from(
                ["service", "signed_in", "email", "expires_at", "provider", "sync", "state", "used", "id"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)
FIELDS = ["state", "accounts", "credentials", "problems", "rules", "sign_in", "paused_until", "env_cache", "pending"]


@given(some.dictionaries(some.sampled_from(FIELDS), junk), some.floats(0, 4e9))
def test_no_snapshot_breaks_the_menu(fields: dict[str, Any], now: float) -> None:
    seen = read_snapshot(fields)
    menu = describe(seen, now)
    assert menu[-1].action == "quit"
    assert all("\n" not in entry.text and entry.text for entry in menu if entry.kind == "action")
    assert tooltip(seen, now)
    for entry in menu:
        if entry.action == "show":
            assert details(seen, entry.target, now).rows


def test_what_has_gone_meanwhile_is_said() -> None:
    assert details(read_snapshot({}), "credential:claude-oauth/anthropic", NOW).title == "No longer there"
    assert details(read_snapshot({}), "account:akos", NOW).title == "No longer there"
    assert details(read_snapshot({}), "", NOW).title == "No longer there"


def test_details_of_a_credential_name_file_variable_and_push() -> None:
    rows = dict(details(snapshot(), "credential:claude-oauth/anthropic", NOW).rows)
    assert rows["File"] == "/home/dev/.claude/.credentials.json"
    assert rows["Variable"] == "ANTHROPIC_API_KEY"
    assert rows["Pushed"] == "as “Claude OAuth”, 2 min ago"
    assert rows["Expiry"].startswith("expires in 3 h (20")


def test_what_the_agent_left_out_is_counted() -> None:
    many = [{**CLAUDE, "id": f"s/{n}"} for n in range(20)]
    wrong = [{"code": "x", "message": f"wrong {n}"} for n in range(PROBLEMS_SHOWN)]
    left_out = {"credentials": 9_000, "problems": 1, "nonsense": 5, "rules": "many"}
    said = texts(describe(snapshot(credentials=many, problems=wrong, left_out=left_out), NOW))
    assert f"{9_020 - CREDENTIALS_SHOWN} more credentials…" in said
    assert "1 more problem…" in said
