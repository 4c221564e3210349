from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_agent.accounts.loopback_request import RefusedRequest, parse

GOOD = b"POST /cb?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcrest"


def test_a_request_is_read():
    request = parse(GOOD)
    assert request is not None
    assert (request.method, request.path, request.query, request.body) == ("POST", "/cb", "a=1", b"abc")
    assert (request.header("host"), request.header("none")) == ("h", "")
    assert "abc" not in repr(request)


@pytest.mark.parametrize("cut", range(len(GOOD) - 4))
def test_a_part_of_a_request_is_waited_for(cut):
    assert parse(GOOD[:cut]) is None


BAD = {
    b"\r\n\r\n": 400,
    b"GET\r\n\r\n": 400,
    b"GET /cb HTTP/2\r\n\r\n": 400,
    b"GET  /cb HTTP/1.1\r\n\r\n": 400,
    b"GET http://127.0.0.1/cb HTTP/1.1\r\n\r\n": 400,
    b"GET * HTTP/1.1\r\n\r\n": 400,
    b"GET /\xff HTTP/1.1\r\n\r\n": 400,
    b"GET /\x01 HTTP/1.1\r\n\r\n": 400,
    b"GET /cb HTTP/1.1\r\nHost : x\r\n\r\n": 400,
    b"GET /cb HTTP/1.1\r\n folded\r\n\r\n": 400,
    b"GET /cb HTTP/1.1\r\nX\r\n\r\n": 400,
    b"GET /cb HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n": 400,
    b"GET /cb HTTP/1.1\r\nOrigin: a\r\nOrigin: b\r\n\r\n": 400,
    b"GET /cb HTTP/1.1\r\nX: a\nb: c\r\n\r\n": 400,
    b"POST /cb HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab": 400,
    b"POST /cb HTTP/1.1\r\nContent-Length: -1\r\n\r\n": 400,
    b"POST /cb HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n": 400,
    b"POST /cb HTTP/1.1\r\n\r\n": 411,
    b"POST /cb HTTP/1.1\r\nContent-Length: 65537\r\n\r\n": 413,
    b"POST /cb HTTP/1.1\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n": 413,
    b"POST /cb HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\na": 501,
    b"GET /" + b"a" * 17000: 431,
    b"GET /cb HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n": 431,
}


@pytest.mark.parametrize(("data", "status"), BAD.items())
def test_a_malformed_request_is_refused(data, status):
    with pytest.raises(RefusedRequest) as refused:
        parse(data)
    assert refused.value.status == status


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data):
    with contextlib.suppress(RefusedRequest):
        parse(data)
