from __future__ import annotations

import gc
import json
import math
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amika_local import document, strict_json
from amika_local.document import DocumentError, FieldError

REFUSED = {
    b"": "is empty",
    b" \n\t": "is empty",
    b"\xef\xbb\xbf": "is empty",
    b"{": "line 1",
    b'{"a"': "line 1",
    b'{"a":1': "line 1",
    b'{"a":1}\n\nx': "line 3",
    b"{}{}": "line 1",
    b"{'a':1}": "line 1",
    b"{a:1}": "line 1",
    b'{"a" 1}': "line 1",
    b'{"a":1,,"b":2}': "line 1",
    b'{"a":1,}': "line 1",
    b"[1,]": "line 1",
    b"[1 2]": "line 1",
    b'{"a":"x\ty"}': "line 1",
    b'{"a":"x\\q"}': "line 1",
    b'{"a":"\\u12g4"}': "line 1",
    b'{"a":tru}': "line 1",
    b'{"a":nulx}': "line 1",
    b'{"a":01}': "line 1",
    b'{"a":1.}': "line 1",
    b'{"a":.5}': "line 1",
    b'{"a":+1}': "line 1",
    b'{"a":-}': "line 1",
    b'{"a":0x1}': "line 1",
    b"\xc2\xa0{}": "line 1",
    "\ufeff{}".encode("utf-16-le"): "line 1",
    b'{"a":NaN}': "NaN",
    b'{"a":Infinity}': "Infinity",
    b'{"a":-Infinity}': "Infinity",
    b'{"a":1e999}': "out of range",
    b'{"a":-1e309}': "out of range",
    b"[" + b"9" * 309 + b"]": "out of range",
    b"[" + b"1" * 5000 + b"]": "out of range",
    b"[" * 200_000: "10,000",
}
if sys.version_info < (3, 14):  # whose own parser goes as deep as its stack allows
    REFUSED[b"[" * 10_001 + b"]" * 10_001] = "10,000"


@pytest.mark.parametrize(("data", "why"), REFUSED.items(), ids=lambda value: repr(value)[:30])
def test_what_go_refuses_is_refused_with_a_place_and_without_the_text(data, why):
    with pytest.raises(DocumentError) as caught:
        document.parse(data)
    assert why in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(DocumentError):
        strict_json.parse(data.decode("utf-8", "replace").removeprefix("\ufeff"))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b' {"a": 1}\n', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"[1.5, -0, 1e3, 5e-7, 2E-300, 1e308]", [1.5, 0, 1000.0, 5e-7, 2e-300, 1e308]),
        (b"[1e-999]", [0.0]),
        (b"[" + b"1" * 308 + b"]", [int("1" * 308)]),
        (b"[0." + b"1" * 5000 + b"]", [0.1111111111111111]),
        (b'["\\ud83d\\ude00", "/\\/"]', ["\U0001f600", "//"]),
        (b'"\x7f"', "\x7f"),
        (b"null", None),
    ],
)
def test_what_go_reads_is_read(data, value):
    assert document.parse(data) == value
    assert strict_json.parse(data.decode().removeprefix("\ufeff")) == value


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b'"\xff"', "\ufffd"),
        (b'"\xe2\x82"', "\ufffd\ufffd"),
        (b'"\xed\xa0\x80"', "\ufffd\ufffd\ufffd"),
        (b'"\xf0\x9f\x98x"', "\ufffd\ufffd\ufffdx"),
        (rb'"\ud800x"', "\ufffdx"),
        (rb'"x\udc00"', "x\ufffd"),
        (rb'"\ude00\ud83d"', "\ufffd\ufffd"),
        (rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
    ],
)
def test_broken_text_is_repaired_as_go_does(data, text):
    value = document.parse(data)
    assert isinstance(value, str)
    assert document.text_of(value) == text


def test_ten_thousand_levels_are_read():
    value = document.parse(b"[" * 10_000 + b"]" * 10_000)
    depth = 0
    while value:
        assert isinstance(value, list)
        value, depth = value[0], depth + 1
    assert depth == 9_999


def test_numbers_may_be_given_up_to_save_a_pass_but_are_still_checked():
    assert document.parse(b'{"a": "text", "b": 1.5}', numbers=False) != {}
    assert isinstance(document.parse(b"[1.5]", numbers=False), list)
    with pytest.raises(DocumentError):
        document.parse(b"[1.5, 1e999]", numbers=False)


def test_a_fraction_is_no_text_even_when_numbers_are_given_up():
    found = document.parse_object(b'{"key": 1.5}', numbers=False)
    with pytest.raises(FieldError):
        document.string(found, "key")


def test_the_collector_runs_again_after_a_large_file():
    assert gc.isenabled()
    document.parse(b'["' + b"x" * (2 << 20) + b'"]')
    with pytest.raises(DocumentError):
        document.parse(b'["' + b"x" * (2 << 20))
    assert gc.isenabled()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_both_parsers_and_the_writer_agree_with_the_standard_library(value):
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    read = document.parse(data)
    assert strict_json.parse(document._decoded(data)) == read
    assert json.loads(document.dumps(read)) == read
    if "\\ud" not in json.dumps(value):
        assert read == json.loads(data)


def outcome(parse, given):
    try:
        return repr(parse(given))
    except DocumentError:
        return DocumentError


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='{}[]":,\\ \n0123456789.eE+-truefalsnN/u\ud800é', max_size=40))
def test_both_parsers_refuse_and_accept_the_same(text):
    data = text.encode("utf-8", "surrogatepass")
    assert outcome(document.parse, data) == outcome(strict_json.parse, document._decoded(data))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("a\ud800\udbff\udc00\udfffé\U0001f600")))
def test_every_lone_surrogate_becomes_one_mark(text):
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # pairs are one character
    expected = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in whole)
    assert document.text_of(text) == expected


def test_trim_takes_gos_white_space_and_no_more():
    assert document.trim("\u3000\x85\xa0 \tx\v\f\r\n\u2028") == "x"
    assert document.trim("\x1c\x1d\x1e\x1fx\u200b") == "\x1c\x1d\x1e\x1fx\u200b"


def test_fields():
    found: dict[str, object] = {"a": {"b": " x ", "n": None, "i": 1}, "s": "text", "z": None}
    assert document.string(found, "a", "b") == "x"
    assert document.string(found, "a", "n") == ""
    assert document.string(found, "a", "missing") == ""
    assert document.string(found, "z", "b") == ""
    assert document.string(found, "missing", "b") == ""
    with pytest.raises(FieldError, match=r"a\.i is not a text"):
        document.string(found, "a", "i")
    with pytest.raises(FieldError, match="s is not an object"):
        document.string(found, "s", "b")


def test_dumps_survives_depth_and_odd_numbers():
    deep = document.parse(b'{"a":' * 5_000 + b"1" + b"}" * 5_000)
    assert document.dumps(deep).startswith('{"a": {"a": ')
    assert document.dumps([1, -2.5, True, None, "é\n\ud800"]) == '[1, -2.5, true, null, "\\u00e9\\n\\ud800"]'
    assert document.dumps({}) == "{}"
    assert document.dumps([]) == "[]"
    assert math.isclose(json.loads(document.dumps([1e300]))[0], 1e300)
