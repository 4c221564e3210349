"""The loopback sign-in, attacked: over real sockets, one test for each way in."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
from tests.agent.accounts.loopback_world import FRONTEND, STATE, TOKEN, Waiting, read_answer

from amika_agent.accounts.device import SignInCancelled, SignInExpired
from amika_agent.accounts.loopback import Loopback
from amika_agent.accounts.loopback_rules import WRONG_TRIES
from amika_agent.clock import SystemClock
from amika_local.errors import Failed

SCRIPT = "<script>alert(1)</script>"
JSON = "application/json"


def signed_in(waiting: Waiting) -> bool:
    return [grant.token.reveal() for grant in waiting.grants] == [TOKEN]


def test_the_page_posts_the_token_and_the_sign_in_ends_with_its_last_page():
    with Waiting() as waiting:
        page = waiting.ask("GET", "/cb")
        assert page.status == 200
        assert "cb-complete" in page.body
        answer = waiting.complete(organizationId="org_1")
        assert (answer.status, answer.json) == (200, {"ok": True})
        assert not waiting.is_over
        success = waiting.ask("GET", "/success")
        assert success.status == 200
        assert "Signed in" in success.body
        waiting.wait(1.0)
    assert signed_in(waiting)
    assert waiting.grants[0].organization_id == "org_1"
    assert waiting.error is None


def test_every_answer_is_kept_from_caches_frames_and_other_sites():
    with Waiting() as waiting:
        answers = [waiting.ask("GET", path) for path in ("/cb", "/success", "/nothing")]
        answers.append(waiting.ask("POST", "/cb-complete", b"{}"))
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_each_page_has_a_nonce_of_its_own():
    with Waiting() as waiting:
        policies = {waiting.ask("GET", "/cb").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3


@pytest.mark.parametrize("state", ["", "6" * 64, STATE[:-1], STATE + "5", STATE.upper() + "é", "5"])
def test_a_wrong_state_signs_nobody_in(state):
    with Waiting() as waiting:
        assert waiting.complete(state=state).status == 403
        assert waiting.grants == []
        assert waiting.complete().status == 200  # the right page still can
    assert signed_in(waiting)


def test_a_replay_is_refused():
    with Waiting() as waiting:
        assert waiting.complete().status == 200
        again = waiting.complete(token="almyty_another_token_altogether")
        assert again.status == 409
        assert "finished already" in again.json["message"]
    assert signed_in(waiting)


def test_a_second_tab_is_told_that_it_is_done():
    with Waiting() as waiting:
        waiting.complete()
        assert waiting.ask("GET", "/cb").status == 200  # its page still loads …
        assert waiting.complete().status == 409  # … and says why it ends
    assert len(waiting.grants) == 1


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:{port}", "127.0.0.1:{port}.evil.example", "127.0.0.1:1", ""]
)
def test_a_foreign_host_is_refused_also_when_its_name_leads_here(host):
    """DNS rebinding: a name of the attacker's that suddenly means 127.0.0.1 stands in Host."""
    with Waiting() as waiting:
        name = host.format(port=waiting.port)
        assert waiting.ask("GET", "/cb", host=name).status == 421
        body = json.dumps({"token": TOKEN, "state": STATE}).encode()
        refused = waiting.ask("POST", "/cb-complete", body, host=name, origin=f"http://{name}", content_type=JSON)
        assert refused.status == 421
    assert waiting.grants == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1", "http://localhost:{port}"])
def test_a_foreign_origin_is_refused(origin):
    with Waiting() as waiting:
        name = origin.format(port=waiting.port)
        body = json.dumps({"token": TOKEN, "state": STATE}).encode()
        for path in ("/cb", "/cb-complete"):
            assert waiting.ask("POST", path, body, origin=name, content_type=JSON).status == 403
        assert waiting.ask("OPTIONS", "/cb", origin=name).status == 403
    assert waiting.grants == []


def test_only_cb_takes_a_post_of_the_frontend():
    with Waiting() as waiting:
        body = json.dumps({"token": TOKEN, "state": STATE}).encode()
        assert waiting.ask("POST", "/cb-complete", body, origin=FRONTEND, content_type=JSON).status == 403
        answer = waiting.ask("POST", "/cb", body, origin=FRONTEND, content_type=JSON)
        assert (answer.status, answer.json) == (200, {"ok": True})
        assert answer.headers["access-control-allow-origin"] == FRONTEND
        assert answer.headers["vary"] == "Origin"
    assert signed_in(waiting)


def test_a_form_of_the_frontend_leads_to_the_last_page():
    with Waiting() as waiting:
        answer = waiting.post_form(FRONTEND)
        assert (answer.status, answer.headers["location"]) == (303, "/success")
        waiting.ask("GET", "/success")
        waiting.wait(1.0)
    assert signed_in(waiting)


def test_a_preflight_names_the_frontend_and_the_private_network_only_when_asked():
    with Waiting() as waiting:
        plain = waiting.ask("OPTIONS", "/cb", origin=FRONTEND, access_control_request_method="POST")
        private = waiting.ask("OPTIONS", "/cb", origin=FRONTEND, access_control_request_private_network="true")
        elsewhere = waiting.ask("OPTIONS", "/cb-complete", origin=FRONTEND)
    assert (plain.status, plain.headers["access-control-allow-origin"]) == (204, FRONTEND)
    assert "access-control-allow-private-network" not in plain.headers
    assert private.headers["access-control-allow-private-network"] == "true"
    assert elsewhere.status == 405


@pytest.mark.parametrize("size", [64 * 1024 + 1, 10 * 1024 * 1024])
def test_an_oversized_body_is_refused_and_its_sender_sees_it(size):
    with Waiting() as waiting:
        answer = waiting.ask("POST", "/cb-complete", b"x" * min(size, 900_000), content_length=str(size))
        assert answer.status == 413
        assert waiting.complete().status == 200
    assert signed_in(waiting)


def test_the_largest_allowed_body_is_read():
    with Waiting() as waiting:
        body = json.dumps({"token": TOKEN, "state": STATE, "more": ""}).encode()
        body = body[:-2] + b"x" * (64 * 1024 - len(body)) + body[-2:]
        answer = waiting.ask("POST", "/cb-complete", body, origin=waiting.origin, content_type=JSON)
        assert len(body) == 64 * 1024
        assert answer.status == 200


@pytest.mark.parametrize(
    "path", ["/cbxyz", "/cb/", "/CB", "//cb", "/cb%2f", "/cb-complete/", "/successful", "/", "/cb/../cb", "/cb;x"]
)
def test_paths_are_exact(path):
    with Waiting() as waiting:
        assert waiting.ask("GET", path).status == 404
        body = json.dumps({"token": TOKEN, "state": STATE}).encode()
        assert waiting.ask("POST", path, body, origin=waiting.origin, content_type=JSON).status == 404
    assert waiting.grants == []


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/cb"), ("GET", "/cb-complete"), ("POST", "/success"), ("HEAD", "/cb")]
)
def test_methods_are_exact(method, path):
    with Waiting() as waiting:
        assert waiting.ask(method, path).status == 405


@pytest.mark.parametrize("field", ["token", "state", "code", "error", "organizationId", "unknown"])
def test_script_in_a_field_is_never_reflected(field):
    with Waiting() as waiting:
        fields = {"token": TOKEN, "state": STATE, field: SCRIPT}
        query = "&".join(f"{name}={value}" for name, value in fields.items() if name != "token").replace(" ", "")
        answers = [
            waiting.ask("GET", f"/success?{field}={SCRIPT}"),
            waiting.ask("GET", f"/{SCRIPT}"),
            waiting.ask("GET", f"/cb?{query}"),
            waiting.complete(**{field: SCRIPT}),
            waiting.post_form(FRONTEND, **{field: SCRIPT}),
            waiting.ask("GET", "/cb", referer=SCRIPT, user_agent=SCRIPT, cookie=SCRIPT),
            waiting.ask("GET", "/cb", host=SCRIPT),
            waiting.ask("OPTIONS", "/cb", origin=SCRIPT),
        ]
    for answer in answers:
        assert "alert(1)" not in answer.body + str(answer.headers)
    assert all("<" not in grant.organization_id for grant in waiting.grants)


def test_nobody_ever_comes():
    with Waiting(limit=0.3) as waiting:
        waiting.wait()
    assert isinstance(waiting.error, SignInExpired)
    assert waiting.grants == []


def test_ctrl_c_ends_it():
    with Waiting() as waiting:
        waiting.cancel.set()
        waiting.wait()
    assert isinstance(waiting.error, SignInCancelled)


def test_too_many_wrong_tries_end_it():
    with Waiting() as waiting:
        statuses = [waiting.complete(state="wrong").status for _ in range(WRONG_TRIES)]
        waiting.wait()
    assert statuses == [403] * WRONG_TRIES
    assert isinstance(waiting.error, Failed)
    assert waiting.grants == []


def test_a_code_comes_in_the_query_and_leaves_the_address_bar():
    with Waiting() as waiting:
        answer = waiting.ask("GET", f"/cb?code=one-time-code&state={STATE}", sec_fetch_mode="navigate")
        assert (answer.status, answer.headers["location"]) == (303, "/success")
    assert waiting.grants[0].code.reveal() == "one-time-code"
    assert not waiting.grants[0].token


def test_a_token_in_the_query_is_never_taken():
    with Waiting() as waiting:
        assert waiting.ask("GET", f"/cb?token={TOKEN}&state={STATE}").status == 200  # the page, no more
        answer = waiting.ask("GET", f"/cb?code=c-o-d-e&token={TOKEN}&state={STATE}")
        assert answer.status == 303
    assert [grant.token.reveal() for grant in waiting.grants] == [""]


@pytest.mark.parametrize(("mode", "dest"), [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")])
def test_a_code_that_no_top_level_page_brings_is_refused(mode, dest):
    with Waiting() as waiting:
        answer = waiting.ask("GET", f"/cb?code=c&state={STATE}", sec_fetch_mode=mode, sec_fetch_dest=dest)
        assert answer.status == 403
    assert waiting.grants == []


def test_a_refusal_needs_the_state_too():
    with Waiting() as waiting:
        assert waiting.ask("GET", "/cb?error=access_denied&state=wrong").status == 403
        assert waiting.grants == []
        assert waiting.complete(error="access_denied", token="").status == 200
    assert waiting.grants[0].denied


def test_what_the_program_does_not_accept_is_said_in_the_browser():
    with Waiting(problem="Not accepted there.") as waiting:
        answer = waiting.complete()
        assert (answer.status, answer.json) == (403, {"ok": False, "message": "Not accepted there."})
        waiting.wait(1.5)  # no last page follows
    assert waiting.error is None


@pytest.mark.parametrize("token", ["", " ", "two words", "tab\there", "ü" * 20, "x" * 5000])
def test_a_token_that_is_none_is_refused_and_the_next_one_taken(token):
    with Waiting() as waiting:
        assert waiting.complete(token=token).status == 400
        assert waiting.complete().status == 200
    assert signed_in(waiting)


def test_the_last_page_does_not_lie():
    with Waiting() as waiting:
        early = waiting.ask("GET", "/success")
        assert early.status == 409
        assert "Not signed in yet" in early.body
        assert not waiting.is_over


def test_silent_connections_hold_up_nobody():
    with Waiting() as waiting:
        idle = [socket.create_connection(("127.0.0.1", waiting.port)) for _ in range(60)]
        half = socket.create_connection(("127.0.0.1", waiting.port))
        half.sendall(b"POST /cb-complete HTTP/1.1\r\nHost: x")
        assert waiting.complete().status == 200
        for connection in [*idle, half]:
            connection.close()
    assert signed_in(waiting)


def test_a_request_may_arrive_byte_by_byte():
    body = json.dumps({"token": TOKEN, "state": STATE}).encode()
    with Waiting() as waiting, socket.create_connection(("127.0.0.1", waiting.port), timeout=20) as connection:
        head = (
            f"POST /cb-complete HTTP/1.1\r\nHost: 127.0.0.1:{waiting.port}\r\nOrigin: {waiting.origin}\r\n"
            f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        for byte in head.encode() + body:
            connection.sendall(bytes([byte]))
        assert read_answer(connection).status == 200


def test_another_program_on_the_port_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match=f"port {port} is in use"):
            Loopback(STATE, FRONTEND, SystemClock(), port=port)


def test_it_listens_on_this_machine_only():
    with Loopback(STATE, FRONTEND, SystemClock()) as waiting:
        assert waiting._listener.getsockname()[0] == "127.0.0.1"


AS_ANOTHER_USER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
connection = socket.socket()
connection.settimeout(20)
connection.bind((sys.argv[2], 0))
connection.connect(("127.0.0.1", int(sys.argv[1])))
connection.sendall(b"GET /cb HTTP/1.1\\r\\nHost: 127.0.0.1:" + sys.argv[1].encode() + b"\\r\\n\\r\\n")
print(connection.recv(65536).split()[1].decode())
"""


HELD_BY_ANOTHER_USER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
held = [socket.socket() for _ in range(100)]
print("ready", flush=True)
sys.stdin.readline()
for one in held:
    one.connect(("127.0.0.1", int(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not sys.platform.startswith("linux"),
    reason="only root can become another user, and only Linux says whose a connection is",
)
def test_another_user_who_holds_connections_takes_none_of_the_browsers():
    with Waiting() as waiting:
        command = [sys.executable, "-S", "-c", HELD_BY_ANOTHER_USER, str(waiting.port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            assert holder.stdout.readline() == "ready\n"
            with socket.create_connection(("127.0.0.1", waiting.port), timeout=20) as browser:
                assert waiting.ask("GET", "/cb").status == 200  # so the browser's connection was taken before
                holder.stdin.write("\n")
                holder.stdin.flush()
                assert holder.stdout.readline() == "held\n"
                assert waiting.ask("GET", "/cb").status == 200
                browser.sendall(f"GET /cb HTTP/1.1\r\nHost: 127.0.0.1:{waiting.port}\r\n\r\n".encode())
                assert read_answer(browser).status == 200
            holder.communicate("")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not sys.platform.startswith("linux"),
    reason="only root can become another user, and only Linux says whose a connection is",
)
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_another_user_of_the_machine_is_refused_from_every_address(address: str):
    with Waiting() as waiting:
        command = [sys.executable, "-S", "-c", AS_ANOTHER_USER, str(waiting.port), address]
        asked = subprocess.run(command, capture_output=True, text=True, check=True)
        assert asked.stdout.strip() == "403"
