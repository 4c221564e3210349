from __future__ import annotations

import json
import threading

import pytest

from amika_agent.accounts.device import (
    DeviceEndpoints,
    SignInCancelled,
    SignInDenied,
    SignInExpired,
    Waiting,
    poll,
    request_code,
)
from amika_agent.http.client import Answer
from amika_local.errors import Failed, Unreachable


@pytest.fixture
def flow(server, http, clock):
    model = server.model
    url = server.url + "/user_management"
    endpoints = DeviceEndpoints(f"{url}/authorize/device", f"{url}/authenticate", model.client_id, {"x": "y"})

    class Flow:
        cancel = threading.Event()

        def code(self):
            return request_code(endpoints, http, clock)

        def poll(self, code):
            return poll(code, endpoints, http, clock, self.cancel)

        def end(self, code):
            return list(self.poll(code))[-1]

    return Flow()


def answered(server, **fields):
    body = {
        "device_code": "device_fake",
        "user_code": "AB-12",
        "verification_uri": "https://auth.example/device",
        **fields,
    }
    server.fail("device", "answer", status=200, body=json.dumps({k: v for k, v in body.items() if v != ...}).encode())


def test_a_code(flow, server, clock):
    code = flow.code()
    assert code.user_code == "FAKE-0001"
    assert code.interval == 1
    assert code.expires_at == clock.now() + 300
    assert code.verification_uri_complete.endswith("user_code=FAKE-0001")
    assert server.seen[-1].form == {"client_id": server.model.client_id, "x": "y"}
    assert code.device_code.reveal() not in repr(code)


@pytest.mark.parametrize(
    ("given", "interval"),
    [(..., 5), (None, 5), (0, 1), (-5, 1), (0.01, 1), (7, 7), (86400, 60), ("2", 5), (True, 5), (1e308, 60)],
)
def test_interval_is_clamped(flow, server, given, interval):
    answered(server, interval=given)
    assert flow.code().interval == interval


@pytest.mark.parametrize(
    ("given", "seconds"), [(..., 300), (None, 300), (-1, 30), (600, 600), (10**9, 1800), ("soon", 300), ([], 300)]
)
def test_expiry_is_clamped(flow, server, clock, given, seconds):
    answered(server, expires_in=given)
    assert flow.code().expires_at == clock.now() + seconds


def test_not_a_number_is_absent(flow, server):
    body = b'{"device_code":"d","user_code":"AB-12","verification_uri":"https://a.example","interval":NaN,"expires_in":NaN}'
    server.fail("device", "answer", status=200, body=body)
    assert flow.code().interval == 5


@pytest.mark.parametrize("page", ["http://auth.example/", "file:///etc/passwd", "javascript:alert(1)", "https://a b/"])
def test_a_page_that_must_not_be_opened_ends_the_sign_in(flow, server, page):
    answered(server, verification_uri=page)
    with pytest.raises(Failed, match="not safe"):
        flow.code()


@pytest.mark.parametrize("page", ["https://other.example/device?user_code=AB-12", "javascript:alert(1)", "", 7])
def test_a_complete_page_of_another_site_is_not_used(flow, server, page):
    answered(server, verification_uri_complete=page)
    assert flow.code().verification_uri_complete == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"device_code": ...},
        {"user_code": ...},
        {"verification_uri": ...},
        {"user_code": "x" * 100},
        {"user_code": "AB\x1b[2J"},
        {"device_code": 5},
    ],
)
def test_an_answer_without_a_usable_code(flow, server, fields):
    answered(server, **fields)
    with pytest.raises(Failed):
        flow.code()


def test_the_client_is_not_known(flow, server):
    server.model.client_id = "client_other"
    with pytest.raises(Failed, match="client is not known") as caught:
        flow.code()
    assert "AMIKA_WORKOS_CLIENT_ID" in caught.value.remedy


@pytest.mark.parametrize("kind", ["html", "garbage", "500", "429", "redirect", "empty_object"])
def test_no_code_and_no_echo(flow, server, kind):
    server.fail("device", kind)
    with pytest.raises(Failed) as caught:
        flow.code()
    assert "BODY" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "words", "next_step"),
    [
        ("500", "has a problem", "in a moment"),
        ("429", "slow down", "in a moment"),
        ("redirect", "leads elsewhere", "Check"),
        ("html", "captive portal", "Check"),
        ("403", "refused: HTTP 403", "Check"),
    ],
)
def test_what_may_pass_is_not_blamed_on_the_settings(flow, server, kind, words, next_step):
    server.fail("device", kind)
    with pytest.raises(Failed, match=words) as caught:
        flow.code()
    assert next_step in caught.value.remedy


def test_nobody_answers(flow, server):
    server.stop()
    with pytest.raises(Unreachable):
        flow.code()


def test_it_waits_first_and_then_at_the_interval(flow, server, clock):
    code = flow.code()
    server.model.interval = 1
    polls = flow.poll(code)
    for _ in range(3):
        assert next(polls) == Waiting("")
    assert clock.slept == [1, 1, 1]
    assert server.count("poll") == 3


def test_approved(flow, server):
    code = flow.code()
    server.model.approve(code.user_code)
    answer = flow.end(code)
    assert isinstance(answer, Answer)
    assert answer.text("access_token")


def test_slow_down_adds_five_seconds_for_good(flow, server, clock):
    code = flow.code()
    for _ in range(2):
        server.fail("poll", "answer", status=400, body=b'{"error": "slow_down"}')
    polls = flow.poll(code)
    for _ in range(4):
        next(polls)
    assert clock.slept == [1, 6, 11, 11]


def test_a_strict_server_is_satisfied(flow, server, clock):
    server.model.strict_polling = True
    server.model.interval = 3
    code = flow.code()
    polls = flow.poll(code)
    for _ in range(3):
        next(polls)
    assert clock.slept == [3, 3, 3]


def test_denied(flow, server):
    code = flow.code()
    server.model.deny(code.user_code)
    with pytest.raises(SignInDenied):
        flow.end(code)


def test_expired_at_the_server(flow, server):
    code = flow.code()
    server.model.expire(code.user_code)
    with pytest.raises(SignInExpired):
        flow.end(code)


def test_expired_here_when_the_server_never_says_so(flow, server, clock):
    code = flow.code()
    server.fail("poll", "answer", times=10_000, status=400, body=b'{"error": "authorization_pending"}')
    with pytest.raises(SignInExpired):
        flow.end(code)
    assert sum(clock.slept) == pytest.approx(300)


def test_a_lost_network_is_waited_out(flow, server, clock):
    code = flow.code()
    server.stop()
    polls = flow.poll(code)
    assert "still trying" in next(polls).message
    next(polls)
    next(polls)
    server.start()
    server.model.approve(code.user_code)
    assert isinstance(list(polls)[-1], Answer)
    assert clock.slept[:4] == [1, 2, 4, 8]


def test_a_lost_network_ends_with_the_code(flow, server, clock):
    code = flow.code()
    server.stop()
    with pytest.raises(SignInExpired):
        flow.end(code)
    assert max(clock.slept) <= 60
    assert len(clock.slept) < 20


@pytest.mark.parametrize("kind", ["reset", "half", "500", "503", "html", "garbage", "429", "redirect", "empty_object"])
def test_faults_while_polling_do_not_end_the_sign_in(flow, server, kind):
    code = flow.code()
    server.model.approve(code.user_code)
    server.fail("poll", kind, times=2)
    events = list(flow.poll(code))
    assert isinstance(events[-1], Answer)
    assert all("BODY" not in event.message for event in events[:-1])


def test_retry_after_is_obeyed(flow, server, clock):
    code = flow.code()
    server.fail("poll", "429", headers=(("Retry-After", "17"),))
    polls = flow.poll(code)
    next(polls)
    next(polls)
    assert clock.slept[1] >= 17


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "unauthorized_client", "invalid_request", "odd"])
def test_errors_that_polling_cannot_change(flow, server, error):
    code = flow.code()
    server.fail("poll", "answer", status=400, body=json.dumps({"error": error, "error_description": "BODY"}).encode())
    with pytest.raises(Failed) as caught:
        flow.end(code)
    assert "BODY" not in caught.value.message


def test_cancel_before_and_while_waiting(flow, server, clock):
    code = flow.code()
    clock.on_sleep = lambda _: flow.cancel.set()
    with pytest.raises(SignInCancelled):
        flow.end(code)
    assert server.count("poll") == 0


def test_cancel_while_the_server_answers_loses_against_nothing(flow, server):
    code = flow.code()
    server.model.approve(code.user_code)
    server.before = lambda step: flow.cancel.set()
    with pytest.raises(SignInCancelled):
        flow.end(code)
