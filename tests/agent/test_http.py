from __future__ import annotations

import gzip
import json
import logging
import socket
import ssl
import threading

import pytest
from tests.fakes.certificate import THIS_MACHINE, self_signed
from tests.fakes.scripted_server import scripted_server

from amika_agent.clock import SystemClock
from amika_agent.http.client import MAX_BODY, Http, NoAnswer
from amika_local.errors import Failed, NotSignedIn, UsageError
from amika_local.secret import Secret

TOKEN_URL = "/user_management/authenticate"


def post(http, server, **more):
    return http.request("POST", server.url + TOKEN_URL, form={"grant_type": "refresh_token"}, **more)


def test_an_answer_of_any_status_is_an_answer(http, server):
    answer = post(http, server)
    assert (answer.status, answer.ok, answer.text("error")) == (400, False, "invalid_client")


def test_the_bearer_travels_in_its_header_and_nowhere_else(http, server):
    answer = http.request("GET", server.url + "/api/v0beta1/secrets", bearer=Secret("fake-bearer"))
    assert answer.status == 401
    assert server.seen[-1].headers["authorization"] == "Bearer fake-bearer"
    assert server.seen[-1].headers["user-agent"].startswith("amika-desktop/")
    assert "fake-bearer" not in server.seen[-1].path


@pytest.mark.parametrize("value", ["", "a b", "a\r\nX-Evil: 1", "tökén", "a\x00b"])
def test_a_bearer_that_no_token_looks_like_is_not_sent(http, server, value):
    with pytest.raises(NotSignedIn) as caught:
        http.request("GET", server.url + "/api/v0beta1/secrets", bearer=Secret(value))
    assert server.seen == []
    assert "Evil" not in str(caught.value)


def test_a_login_that_the_server_repeats_is_not_in_its_answer(http):
    token = "fake-bearer-0123456789"
    body = {"email": token, "organizations": [{"id": f"org {token}", token: 1}], "message": f"Bearer {token} is bad"}
    with scripted_server() as server:
        server.otherwise = (200, body)
        answer = http.request("GET", server.url + "/auth/profile", bearer=Secret(token))
        short = http.request("GET", server.url + "/auth/profile", bearer=Secret("fake"))
    assert answer.body == json.loads(json.dumps(body).replace(token, "****"))
    assert short.body == body  # a word that may stand anywhere


def test_redirects_are_not_followed(http, server):
    server.fail("refresh", "redirect")
    assert post(http, server).status == 307
    assert all(seen.path != "/elsewhere" for seen in server.seen)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("reset", "reset"),
        ("half", "incomplete"),
        ("silence", "timeout"),
        ("drip", "timeout"),
        ("drip_headers", "timeout"),
        ("huge", "too_large"),
    ],
)
def test_no_usable_answer(http, server, kind, reason):
    server.fail("refresh", kind)
    with pytest.raises(NoAnswer) as caught:
        post(http, server, timeout=0.6)
    assert (caught.value.reason, caught.value.sent) == (reason, True)
    assert caught.value.__cause__ is None
    assert "127.0.0.1" in caught.value.message


def test_nobody_listens(http):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoAnswer) as caught:
        http.request("GET", f"http://127.0.0.1:{port}/x")
    assert (caught.value.reason, caught.value.sent) == ("connect", False)


@pytest.mark.parametrize("kind", ["html", "garbage"])
def test_what_is_not_json_has_no_body_and_is_never_shown(http, server, kind):
    server.fail("refresh", kind)
    answer = post(http, server)
    assert answer.body is None
    assert answer.field("access_token") is None
    assert "BODY" not in repr(answer)


@pytest.mark.parametrize("url", ["http://app.amika.dev/x", "https://user:pw@127.0.0.1/x", "nonsense"])
def test_refused_urls(http, url):
    with pytest.raises(UsageError):
        http.request("GET", url)


def test_retry_after(http, server):
    for given, seconds in (
        ("7", 7.0),
        ("99999", 3600.0),
        ("soon", None),
        ("-3", None),
        ("9" * 30, None),
        ("Mon, 99999999999999999999 Jan 2030 00:00:00 GMT", None),  # a day that is no number of this machine's
        ("Mon, 01 Jan 99999 00:00:00 GMT", None),
    ):
        server.fail("refresh", "429", headers=(("Retry-After", given),))
        assert post(http, server).retry_after() == seconds
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    later = "Wed, 21 Oct 2026 07:28:30 GMT"
    answer = post(http, server)
    assert type(answer)(429, {"retry-after": later, "date": date}, None).retry_after() == 30.0
    assert answer.retry_after() is None


class OneAnswer:
    """Answers one request with these very bytes."""

    def __init__(self, data: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        self.data = data
        self.thread = threading.Thread(target=self.serve)

    def serve(self) -> None:
        peer, _ = self.socket.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(self.data)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.socket.close()


def packed(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_a_compressed_answer_is_read_though_it_was_not_asked_for(http):
    with OneAnswer(packed(gzip.compress(b'{"a": 1}'))) as server:
        assert http.request("GET", server.url).body == {"a": 1}


def test_a_small_answer_cannot_become_a_large_one(http):
    bomb = gzip.compress(b" " * (200 * MAX_BODY))
    with OneAnswer(packed(bomb)) as server, pytest.raises(NoAnswer) as caught:
        http.request("GET", server.url)
    assert caught.value.reason == "too_large"


def test_deep_and_absurd_json_is_no_body(http):
    for body in (b"[" * 100_000, b'{"n": ' + b"9" * 5000 + b"}", b"\xff\xfe"):
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        with OneAnswer(data) as server:
            assert http.request("GET", server.url).body is None


def test_half_of_a_pair_is_no_text(http):
    body = b'{"email": "a\\ud800b", "name": "\\uD83D\\uDE00", "\\udfff": 1}'
    with OneAnswer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as server:
        assert http.request("GET", server.url).body == {"email": "a\ufffdb", "name": "\U0001f600", "\ufffd": 1}


def test_a_proxy_is_never_asked_for_this_machine(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with Http(proxy="http://127.0.0.1:1") as http:
        assert post(http, server).status == 400


@pytest.fixture
def tls_server(tmp_path):
    """A server with a certificate of its own making."""
    certificate = self_signed(tmp_path, *THIS_MACHINE)
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        listener.settimeout(0.1)
        while not done.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            try:
                peer.settimeout(5)
                with certificate.context.wrap_socket(peer, server_side=True) as safe:
                    safe.recv(65536)
                    safe.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"ok":true}')
            except OSError:
                continue

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"https://localhost:{listener.getsockname()[1]}/", certificate.ca_file
    done.set()
    thread.join()
    listener.close()


def test_an_unknown_certificate_is_refused_even_if_the_environment_vouches_for_it(tls_server, monkeypatch, tmp_path):
    url, ca_file = tls_server
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    keylog = tmp_path / "keys.log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(keylog))
    with Http() as http, pytest.raises(NoAnswer) as caught:
        http.request("GET", url)
    assert (caught.value.reason, caught.value.sent) == ("tls", False)
    assert "clock" in caught.value.remedy
    assert not keylog.exists()


def test_a_certificate_named_in_the_settings_is_trusted(tls_server):
    url, ca_file = tls_server
    with Http(ca_file=ca_file) as http:
        assert http.request("GET", url).body == {"ok": True}


def test_certificates_that_cannot_be_read(tmp_path):
    (tmp_path / "not.pem").write_text("x")
    with Http(ca_file=str(tmp_path / "not.pem")) as http, pytest.raises(Failed, match=r"network\.ca_file|certificates"):
        http.request("GET", "https://localhost:1/")


def test_hosts_outside_get_the_proxy_and_the_systems_certificates():
    with Http() as http:
        client = http._client(loopback=False)
        context = client._transport._pool._ssl_context
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        assert len(context.get_ca_certs()) > 50


def test_a_proxy_that_is_no_address_is_named():
    with Http(proxy="nonsense://") as http, pytest.raises(Failed, match="proxy"):
        http._client(loopback=False)


def test_the_http_library_logs_nothing(server, caplog):
    with caplog.at_level(logging.DEBUG), Http() as http:
        http.request("GET", server.url + "/user_management/sessions/logout", query={"session_id": "session_secret"})
        assert "session_secret" not in caplog.text


def test_the_client_may_be_used_again_after_close(http, server):
    post(http, server)
    http.close()
    assert post(http, server).status == 400


def test_threads_share_one_client(http, server):
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(post(http, server).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [400] * 8


def test_json_bodies(http, server):
    form = {"grant_type": "refresh_token", "client_id": server.model.client_id, "refresh_token": "none"}
    answer = http.request("POST", server.url + TOKEN_URL, json=form)
    assert answer.text("error") == "invalid_grant"
    assert json.loads(json.dumps(answer.body)) == answer.body


def test_the_clock_is_the_systems_by_default():
    assert isinstance(Http()._clock, SystemClock)


class Resolver:
    """A network in which looking a name up takes until it is told; what was connected in the end."""

    def __init__(self, inner):
        self._inner = inner
        self.looking = threading.Event()
        self.found = threading.Event()
        self.done = threading.Event()
        self.stream = None

    def connect_tcp(self, host, port, timeout=None, **more):
        self.looking.set()
        self.found.wait(60)
        self.stream = self._inner.connect_tcp(host, port, timeout=timeout, **more)
        self.done.set()
        return self.stream


@pytest.fixture
def resolver(http, server):
    pool = http._client(loopback=True)._transport._pool
    slow = Resolver(pool._network_backend._inner)
    pool._network_backend._inner = slow
    yield slow
    slow.found.set()


def test_a_name_that_is_looked_up_for_ever_does_not_outlast_the_deadline(http, server, resolver):
    with pytest.raises(NoAnswer) as caught:
        http.request("GET", f"{server.url}/x", timeout=0.05)
    assert (caught.value.reason, caught.value.sent) == ("timeout", False)
    assert not resolver.found.is_set()
    resolver.found.set()
    assert resolver.done.wait(20)


def test_a_connection_that_came_too_late_is_closed(http, server, resolver, until):
    with pytest.raises(NoAnswer):
        http.request("GET", f"{server.url}/x", timeout=0.05)
    resolver.found.set()
    assert resolver.done.wait(20)
    until(lambda: resolver.stream.get_extra_info("socket").fileno() == -1, "the late connection closed")
    assert server.seen == []


def test_a_sign_in_is_cancelled_while_a_name_is_looked_up(http, server, resolver):
    cancel = threading.Event()
    ended = []

    def ask():
        try:
            http.unless(cancel, lambda: Failed("cancelled")).request("GET", f"{server.url}/x", timeout=3600)
        except Failed as error:
            ended.append(error.message)

    thread = threading.Thread(target=ask)
    thread.start()
    assert resolver.looking.wait(20)
    cancel.set()
    thread.join(20)
    assert ended == ["cancelled"]
    assert not resolver.found.is_set()
