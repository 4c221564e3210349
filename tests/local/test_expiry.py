from __future__ import annotations

import pytest

from amika_local.document import FieldError
from amika_local.expiry import epoch, epoch_or_text

Y2099 = 4_070_908_800.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (4_070_908_800_000, Y2099),
        (4_070_908_800_000.0, Y2099),
        (4_070_908_800, Y2099),  # below 1e11: it was meant as seconds
        (99_999_999_999, 99_999_999_999.0),
        (100_000_000_000, 100_000_000.0),
        (0, 0.0),
        (-5, -5.0),
        (2**63, 0.0),  # more than Go's int64 holds: long past, there and here
        (1e300, 0.0),
        (-1e300, 0.0),
        (9_000_000_000_000_000_000, 9e15),
    ],
)
def test_numbers(value, seconds):
    assert epoch(value, "expires") == seconds


@pytest.mark.parametrize("value", [True, False, "4070908800000", "", [], {}, 1.5, -0.5, 4_070_908_800_000.25])
def test_what_is_no_whole_number(value):
    with pytest.raises(FieldError, match="expires"):
        epoch(value, "expires")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2099-01-01T00:00:00Z", Y2099),
        (" 2099-01-01T00:00:00Z\n", Y2099),
        ("2099-01-01T02:00:00+02:00", Y2099),
        ("2098-12-31T22:30:00-01:30", Y2099),
        ("2099-01-01T00:00:00-00:00", Y2099),
        ("2099-01-01T00:00:00.5Z", Y2099 + 0.5),
        ("2099-01-01T00:00:00.123456789123+00:00", Y2099 + 0.123456789),
        ("2099-01-01T00:00:00,5Z", Y2099 + 0.5),
        ("2099-01-01T0:00:00Z", Y2099),
        ("2099-01-02T00:00:00+24:00", Y2099),
        ("2099-01-01T01:00:00+00:60", Y2099),
        ("9999-12-31T23:59:59Z", 253402300799.0),
        ("0001-01-01T00:00:00Z", -62135596800.0),
    ],
)
def test_texts(text, seconds):
    assert epoch_or_text(text, "expiresAt") == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("text", ["", "  ", "\t\n", "\u3000"])
def test_blank_text_is_no_expiry(text):
    assert epoch_or_text(text, "expiresAt") is None


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "4070908800000",
        "2099-01-01",
        "2099-01-01T00:00:00",
        "2099-01-01 00:00:00Z",
        "2099-01-01t00:00:00Z",
        "2099-01-01T00:00:00z",
        "2099-01-01T00:00Z",
        "2099-01-01T00:00:60Z",
        "2099-01-01T24:00:00Z",
        "2099-13-01T00:00:00Z",
        "2099-02-29T00:00:00Z",
        "2099-01-00T00:00:00Z",
        "2099-01-01T00:00:00.Z",
        "2099-01-01T00:00:00+0200",
        "2099-01-01T00:00:00+25:00",
        "2099-01-01T00:00:00+00:61",
        "2099-01-01T00:00:00+02:00x",
        "2099-1-01T00:00:00Z",
        "99-01-01T00:00:00Z",
        "٢099-01-01T00:00:00Z",
    ],
)
def test_other_text_is_a_fault(text):
    with pytest.raises(FieldError, match="expiresAt") as caught:
        epoch_or_text(text, "expiresAt")
    assert text not in str(caught.value)


def test_numbers_go_the_same_way_with_text_allowed():
    assert epoch_or_text(4_070_908_800_000, "expiresAt") == Y2099
    with pytest.raises(FieldError):
        epoch_or_text(True, "expiresAt")
