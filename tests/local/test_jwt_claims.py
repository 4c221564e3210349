from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_local.jwt_claims import LONGEST, claims


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8) | st.integers(-(10**9), 10**9), max_size=4))
def test_reads_what_was_put_in(content):
    assert claims(f"{encoded({'alg': 'none'})}.{encoded(content)}.signature") == content


@pytest.mark.parametrize(
    "token",
    ["", "opaque", "a.b", "a.b.c.d", "a.!!!.c", f"a.{encoded([1])}.c", f"a.{encoded('x')}.c", "a.ü.c"],
)
def test_what_is_no_token_has_no_claims(token):
    assert claims(token) == {}


@given(st.text(max_size=60))
def test_never_raises(text):
    claims(text)
    claims(f"a.{text}.c")


def test_what_no_server_would_take_is_not_even_looked_into():
    """Nested as deeply as this, a file of 20 MiB would keep a processor busy for half a minute at every look."""
    content = {"exp": 1, "x": "y" * LONGEST}
    assert claims(f"a.{encoded(content)}.c") == {}
    assert claims(f"a.{encoded({'exp': 1})}.c") == {"exp": 1}
