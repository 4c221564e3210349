from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_local import rfc3339


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 -- the zone is drawn too
    st.integers(-23 * 60, 23 * 60),
)
def test_agrees_with_datetime(moment, minutes):
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    text = moment.replace(microsecond=0).isoformat() + zone
    assert rfc3339.parse(text) == datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("1970-01-01T00:00:00Z", 0.0),
        ("2026-11-21t09:24:00z", 1795253040.0),
        ("2026-11-21T09:24:00.5Z", 1795253040.5),
        ("2026-11-21T09:24:00.123456789+00:00", 1795253040.123456789),
        ("2026-11-21T10:24:00+01:00", 1795253040.0),
        ("0001-01-01T00:00:00Z", -62135596800.0),
        ("2024-02-29T00:00:00Z", 1709164800.0),
    ],
)
def test_parses(text, epoch):
    assert rfc3339.parse(text) == epoch


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-11-21",
        "2026-11-21T09:24:00",
        "2026-11-21T09:24:00.Z",
        "2026-11-21T09:24:00+1:00",
        "2026-11-21T09:24:00+24:00",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T09:60:00Z",
        "\uff12\uff10\uff12\uff16-11-21T09:24:00Z",
        "2026-11-21T09:24:00Zx",
        "1795253040",
        "null",
    ],
)
def test_refuses(text):
    assert rfc3339.parse(text) is None


@given(st.integers(0, 253402300799))
def test_text_is_what_datetime_says(epoch):
    assert rfc3339.text(float(epoch)) == datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@given(st.text(max_size=40))
def test_never_raises(text):
    rfc3339.parse(text)


def test_text_of_an_impossible_time_is_blank():
    assert rfc3339.text(1e30) == ""
