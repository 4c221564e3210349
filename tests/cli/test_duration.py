from __future__ import annotations

import pytest

from amika_cli.duration import seconds, since
from amika_local.errors import UsageError


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90), ("30m", 1800), ("30min", 1800), ("1h", 3600), ("2d", 172800), (" 1w ", 604800)]
)
def test_lengths_people_type(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "h", "1", "0m", "-1h", "1.5h", "1y", "٣h", "99999999999h", "800d", "1h30m"])
def test_everything_else_is_refused_with_the_forms_that_work(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        seconds(text)
    assert "1h" in caught.value.remedy


def test_a_moment_is_a_date_or_so_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    assert since("2h", 10_000.0) == 2_800.0
    assert since("2026-11-21T09:00:00+00:00", 0) == 1_795_251_600.0
    with pytest.raises(UsageError):
        since("2026-13-99", 0)
    with pytest.raises(UsageError, match="and no date") as caught:
        since("yesterday", 0)
    assert "2026-11-21" in caught.value.remedy
