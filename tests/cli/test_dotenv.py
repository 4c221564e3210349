from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_cli.secrets.dotenv import pair, parse
from amika_local.errors import UsageError


def values(text: bytes) -> dict[str, str]:
    return {key: value.reveal() for key, value in parse(text, ".env").items()}


def test_values_are_verbatim():
    text = b'A=1\nB="quoted"\nC=with # hash\nD=${A}\nE= spaces \nF=a=b\nG=\n'
    assert values(text) == {
        "A": "1",
        "B": '"quoted"',
        "C": "with # hash",
        "D": "${A}",
        "E": " spaces ",
        "F": "a=b",
        "G": "",
    }


def test_blank_and_comment_lines():
    assert values(b"\n  \n# A=1\n  # B=2\n\tC=3\n") == {"C": "3"}


def test_one_carriage_return_is_dropped():
    assert values(b"A=1\r\nB=2\r\r\n") == {"A": "1", "B": "2\r"}


def test_key_is_trimmed_and_export_is_no_keyword():
    assert values(b"  A  =1\nexport B=2\n") == {"A": "1", "export B": "2"}


def test_duplicate_keeps_first_position_and_last_value():
    assert list(values(b"A=1\nB=2\nA=3\n").items()) == [("A", "3"), ("B", "2")]


def test_byte_order_mark():
    assert values(b"\xef\xbb\xbfA=1\n") == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"A=1\n\nsk-fake-secret\n", ".env, line 3: there is no ="),
        (b"=sk-fake-secret\n", ".env, line 1: there is no key"),
        (b"A=\xff\xfe\n", "not UTF-8"),
    ],
)
def test_an_error_names_the_line_and_never_its_text(text, says):
    with pytest.raises(UsageError) as caught:
        parse(text, ".env")
    assert says in caught.value.message
    assert "fake" not in caught.value.message + caught.value.remedy
    assert caught.value.exit_code == 2


def test_pair():
    name, value = pair("A=b=c", 1)
    assert (name, value.reveal()) == ("A", "b=c")
    for word in ("sk-fake", "=sk-fake", " =sk-fake"):
        with pytest.raises(UsageError) as caught:
            pair(word, 2)
        assert caught.value.message == "argument 2 is not KEY=VALUE"


@given(st.binary(max_size=400))
def test_any_bytes_give_pairs_or_a_usage_error(data):
    with contextlib.suppress(UsageError):
        found = parse(data, "f")
        assert all(key == key.strip() and key for key in found)
