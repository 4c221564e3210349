"""How texts from elsewhere become sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from amika_tray.wording import changes_in, expiry, sentences


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("the file is damaged", "repair it"), "The file is damaged. Repair it"),
        (("it failed.", "run `amika sync` again."), "It failed. Run “amika sync” again."),
        (("amika sync resolve r1 restore|adopt",), "amika sync resolve r1 restore|adopt"),
        (("amika auth login",), "amika auth login"),
        (("amika is not installed beside amika-tray",), "Amika is not installed beside amika-tray"),
        (("almyty: the key is refused",), "almyty: the key is refused"),
        (("/home/dev/.x is damaged", ""), "/home/dev/.x is damaged"),
        (("vault.reveal_without_terminal is off",), "vault.reveal_without_terminal is off"),
        (("", "  "), ""),
    ],
)
def test_each_begins_large_but_for_what_is_a_name_or_a_command(parts: tuple[str, ...], whole: str) -> None:
    assert sentences(*parts) == whole


@given(some.floats(-170_000, 170_000))
def test_a_time_is_told_otherwise_when_it_says_so_and_not_before(left: float) -> None:
    change = changes_in(left, 0.0)
    assert 0 <= change < 3600
    assert expiry(left, change * 0.99) == expiry(left, 0.0)
    assert expiry(left, change + 0.01) != expiry(left, change - 0.01)


@pytest.mark.parametrize(
    ("left", "change"), [(90.0, 30.0), (-30.0, 30.0), (7200.0, 0.0), (5401.0, 1801.0), (864_001.0, 1.0)]
)
def test_minutes_hours_and_days_pass(left: float, change: float) -> None:
    assert changes_in(left, 0.0) == change
