"""`amika auth status` and `amika whoami`."""

from __future__ import annotations

import json
import threading
import time

import pytest
from tests.cli.auth.signing_in import sign_in, signed_in
from tests.fakes.session_files import go_session, write_session
from tests.process.session_crowd import due


@pytest.mark.parametrize("argv", [("auth", "status"), ("whoami",), ("auth", "status", "amika")])
@pytest.mark.parametrize("output", ["json", "json-pretty"])
def test_status_keeps_its_shape(amika, server, state, argv, output):
    signed_in(server, state)
    code, out, _ = amika(*argv, "-o", output)
    found = json.loads(out)
    assert code == 0
    assert found["authenticated"] is True
    assert found["method"] == "session"
    assert found["email"] == "dev@example.com"
    assert found["org_id"] == "org_01ACME"
    assert found["warnings"] == []
    assert found["storage"] == "file"
    assert found["accounts"][0]["service"] == "amika"


def test_status_of_nobody_is_json_too(amika, state):
    code, out, err = amika("auth", "status", "-o", "json")
    found = json.loads(out)
    assert code == 3
    assert (found["authenticated"], found["method"]) == (False, "none")
    assert err.count("\n") >= 1


@pytest.mark.parametrize(
    ("content", "word"),
    [("{}", "no login"), ("null", "no login"), ("", "empty"), ('{"access', "damaged"), ("[]", "damaged")],
)
def test_bad_files_are_named_with_exit_3(amika, state, content, word):
    path = write_session(state, content)
    code, out, err = amika("auth", "status")
    assert (code, out) == (3, "")
    assert str(path) in err
    assert word in err
    assert "auth login" in err
    assert path.read_text() == content


def test_a_login_that_is_long_over_is_not_signed_in(amika, state):
    write_session(state, go_session(iat=time.time() - 90 * 86400))
    code, _, err = amika("auth", "status")
    assert code == 3
    assert "expired" in err


def test_an_expired_token_that_can_be_renewed_is_signed_in_with_a_word_about_it(amika, state):
    write_session(state, go_session(iat=time.time() - 3600))
    code, out, err = amika("auth", "status")
    assert code == 0
    assert "dev@example.com" in out
    assert "renewed" in err


def test_what_is_renewed_and_what_is_not_is_told_apart(amika, state):
    for content, words in (
        (go_session(iat=time.time()), "; renewed before)"),
        (go_session(iat=time.time() - 3600), "; renewed when it is needed next)"),
    ):
        write_session(state, content)
        code, out, _ = amika("auth", "status")
        assert code == 0
        assert words in out
    write_session(state, go_session(iat=time.time(), refresh=""))
    assert "; renewed" not in amika("auth", "status")[1]


@pytest.mark.parametrize(
    ("error", "lost", "words"),
    [
        ("invalid_grant", True, "your session is over: the answer to its last renewal was lost"),
        ("invalid_grant", False, "your session is over: it was ended elsewhere"),
        ("sso_required", False, "your organization now asks for single sign-on"),
        ("mfa_enrollment", False, "your organization now asks for a second factor"),
    ],
)
def test_a_session_that_the_server_ended_is_said_with_its_reason(amika, server, state, error, lost, words):
    """Also when its access token has expired, which alone would be no reason."""
    due(state, server, -60)
    if lost:
        server.fail("refresh", "reset", executed=True)
    server.model.refresh_error = error
    assert amika("auth", "status", "--verify")[0] == 3
    for argv in (("auth", "status"), ("whoami",), ("auth", "status", "--verify")):
        code, _, err = amika(*argv)
        assert (code, err) == (3, f"amika: {words}\n  Sign in: amika auth login\n")
    code, _, err = sign_in(amika, server)
    assert code == 0
    assert "You are signed in" not in err


def test_a_key_has_no_name(amika, state, monkeypatch):
    monkeypatch.setenv("AMIKA_API_KEY", "fake-key")
    assert amika("auth", "status")[1].startswith("Signed in to Amika with an API key\n")


def test_a_file_in_the_middle_of_being_written_is_looked_at_again(amika, state):
    whole = json.dumps(go_session(iat=time.time()))
    path = write_session(state, whole[:50])
    writer = threading.Timer(0.12, lambda: path.write_text(whole))
    writer.start()
    code, _, _ = amika("auth", "status")
    writer.join()
    assert code == 0


def test_verify_asks_the_server(amika, server, state):
    signed_in(server, state)
    code, out, _ = amika("auth", "status", "--verify", "-o", "json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    server.fail("api", "answer", times=9, status=401, body=b"{}")
    code, out, err = amika("auth", "status", "--verify", "-o", "json")
    found = json.loads(out)
    assert (code, found["verified"], found["authenticated"]) == (3, False, False)
    assert "rejects" in err
    server.stop()
    code, out, err = amika("whoami", "--verify", "-o", "json")
    assert (code, json.loads(out)["verified"]) == (5, None)
    assert "cannot reach" in err


def test_control_characters_in_an_email_do_not_reach_the_terminal(amika, server, state):
    server.model.user = ("user_1", "dev\x1b[31m@example.com\u202e")
    printed = "".join(sign_in(amika, server)[1:])
    printed += "".join(amika("auth", "status")[1:])
    assert "\x1b" not in printed
    assert "\u202e" not in printed
