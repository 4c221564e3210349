"""A sign-in as a value: events in, what to show out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amika_tray.sign_in.steps import SignIn, advanced, failed, left, may_open, on_this_machine

NOW = 1_800_000_000.0
CODE = {
    "event": "code",
    "user_code": "BCDF-GHJK",
    "verification_uri": "https://sign-in.example.com/device",
    "verification_uri_complete": "https://sign-in.example.com/device?user_code=BCDF-GHJK",
    "expires_at": NOW + 600,
}


def after(*events: dict[str, Any]) -> SignIn:
    shown = SignIn()
    for event in events:
        shown = advanced(shown, event)
    return shown


def test_the_usual_way() -> None:
    assert after().phase == "starting"
    shown = after(CODE)
    assert (shown.phase, shown.code, shown.address) == ("code", "BCDF-GHJK", "https://sign-in.example.com/device")
    assert shown.page.endswith("?user_code=BCDF-GHJK")
    shown = after(CODE, {"event": "waiting", "message": "The network is away; trying again."})
    assert (shown.phase, shown.note) == ("code", "The network is away; trying again.")
    done = after(CODE, {"event": "done", "email": "dev@example.com"})
    assert (done.phase, done.email, done.over) == ("done", "dev@example.com", True)


def test_a_server_without_a_complete_address_still_has_a_page_to_open() -> None:
    assert after({**CODE, "verification_uri_complete": ""}).page == CODE["verification_uri"]


def test_organizations_to_choose_from() -> None:
    offered = [{"id": "org_1", "name": "Example"}, {"id": "org_2"}, {"name": "no id"}, "junk", {"id": 5}]
    shown = after(CODE, {"event": "choose_organization", "organizations": offered})
    assert shown.phase == "choose"
    assert shown.organizations == (("org_1", "Example"), ("org_2", "org_2"))


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        (("not_signed_in", "the sign-in was denied", "Try again."), "the sign-in was denied", "Try again."),
        (
            ("gone", "The agent went away.", ""),
            "The agent stopped during the sign-in.",
            "Try again: it is started anew.",
        ),
        (("", "", ""), "The sign-in ended without an answer.", ""),
    ],
)
def test_every_bad_end_says_what_happened(error: tuple[str, str, str], message: str, remedy: str) -> None:
    shown = failed(after(CODE), *error)
    assert (shown.phase, shown.message, shown.remedy) == ("failed", message, remedy)


def test_the_end_of_the_stream_after_done_changes_nothing() -> None:
    done = after(CODE, {"event": "done", "email": "dev@example.com"})
    assert failed(done, "", "", "") == done


@given(
    some.lists(
        some.dictionaries(
            some.sampled_from(["event", "user_code", "verification_uri", "organizations", "email", "expires_at", "id"]),
            some.none()
            | some.text(max_size=20)
            | some.integers()
            | some.floats()
            | some.lists(some.none() | some.dictionaries(some.just("id"), some.text(max_size=5)))
            | some.sampled_from(["code", "waiting", "choose_organization", "done"]),
        ),
        max_size=5,
    )
)
def test_no_stream_breaks_it(events: list[dict[str, Any]]) -> None:
    shown = after(*events)
    assert left(shown.expires_at, NOW) is not None
    assert isinstance(may_open(shown.page), bool)


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("https://sign-in.example.com/device", True),
        ("http://127.0.0.1:4711/device?user_code=A", True),
        ("http://localhost/device", True),
        ("http://[::1]:80/", True),
        ("http://example.com/device", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost@example.com/", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("--app=https://example.com", False),
        ("https://exa mple.com/", False),
        ("https://ex\u0430mple.com/", False),
        ("https://example.com/\n--flag", False),
        ("https://", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_only_pages_that_cannot_do_harm_are_opened(address: str, may: bool) -> None:
    assert may_open(address) is may


def test_pages_of_this_machine_are_told_apart() -> None:
    assert on_this_machine("http://127.0.0.1:4711/device")
    assert not on_this_machine("https://sign-in.example.com/device")
    assert not on_this_machine("http://[::1")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (600, "10:00"),
        (599.2, "10:00"),
        (61, "1:01"),
        (0.2, "0:01"),
        (0, "0:00"),
        (-5, "0:00"),
        (3700, "1:01:40"),
        (9e9, ""),
    ],
)
def test_the_countdown(seconds: float, said: str) -> None:
    assert left(NOW + seconds, NOW) == said
    assert left(None, NOW) == ""
