from __future__ import annotations

import hashlib
import json
import os

import pytest
from tests.fakes.session_files import go_session, write_session

from amika_local.identity import identity

NOW = 1_800_000_000.0


def who(tmp_path, env=None, now=NOW):
    return identity(env or {}, str(tmp_path), now)


def test_nobody(tmp_path):
    found = who(tmp_path)
    assert (found["authenticated"], found["method"], found["problem"], found["warnings"]) == (False, "none", "", [])


def test_session(tmp_path):
    path = write_session(tmp_path, go_session(iat=NOW - 10))
    found = who(tmp_path)
    assert found["authenticated"] is True
    assert (found["method"], found["storage"], found["path"]) == ("session", "file", str(path))
    assert (found["email"], found["org_id"]) == ("dev@example.com", "org_1")
    assert found["expires_at"] == "2027-01-15T08:04:50Z"
    assert found["warnings"] == []


def test_an_expired_token_that_can_be_renewed_is_signed_in(tmp_path):
    write_session(tmp_path, go_session(iat=NOW - 3600))
    found = who(tmp_path)
    assert found["authenticated"] is True
    assert "renewed" in found["warnings"][0]


@pytest.mark.parametrize(
    ("age", "refresh"), [(3600, ""), (40 * 86400, "rt_fake_1"), (NOW - 1_500_000_000, "rt_fake_1")]
)
def test_expired_for_good_is_signed_out_and_said(tmp_path, age, refresh):
    write_session(tmp_path, go_session(iat=NOW - age, refresh=refresh))
    found = who(tmp_path)
    assert (found["authenticated"], found["method"], found["problem"]) == (False, "none", "expired")
    assert "expired on" in found["warnings"][0]
    assert "amika auth login" in found["warnings"][0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("{}", "blank"), ("null", "blank"), ("", "blank"), ('{"access_tok', "corrupt"), ("[1]", "corrupt")],
)
def test_bad_files_are_signed_out_and_said(tmp_path, content, problem):
    path = write_session(tmp_path, content)
    found = who(tmp_path)
    assert (found["authenticated"], found["method"], found["problem"]) == (False, "none", problem)
    assert str(path) in found["warnings"][0]


def test_a_rejected_token_is_signed_out(tmp_path):
    write_session(tmp_path, go_session(iat=NOW, refresh="rt_spent"))
    meta = {"rejected": hashlib.sha256(b"rt_spent").hexdigest()}
    (tmp_path / ".session.meta").write_text(json.dumps(meta))
    assert who(tmp_path)["problem"] == "rejected"
    write_session(tmp_path, go_session(iat=NOW, refresh="rt_new"))
    assert who(tmp_path)["authenticated"] is True


def test_a_login_that_came_back_after_sign_out_is_signed_out(tmp_path):
    write_session(tmp_path, go_session(iat=NOW, sid="session_gone"))
    (tmp_path / ".session.meta").write_text(json.dumps({"revoked_sids": ["session_gone"]}))
    assert who(tmp_path)["problem"] == "revoked"


def test_damaged_notes_are_no_reason_to_fail(tmp_path):
    write_session(tmp_path, go_session(iat=NOW))
    for notes in ("", "[", "[]", '{"skew": "x", "revoked_sids": 3, "rejected": []}'):
        (tmp_path / ".session.meta").write_text(notes)
        assert who(tmp_path)["authenticated"] is True


def test_precedence_environment_then_key_then_session(tmp_path):
    write_session(tmp_path, go_session(iat=NOW))
    assert who(tmp_path)["method"] == "session"
    (tmp_path / "api-key.json").write_text('{"key": "ak_fake"}')
    found = who(tmp_path)
    assert (found["method"], found["storage"]) == ("stored_api_key", "file")
    assert "used instead" in found["warnings"][0]
    found = who(tmp_path, {"AMIKA_API_KEY": "ak_env"})
    assert (found["method"], found["storage"]) == ("env_api_key", "environment")
    assert who(tmp_path, {"AMIKA_API_KEY": "  "})["method"] == "stored_api_key"


def test_a_bad_key_file_is_said_and_does_not_fall_through(tmp_path):
    write_session(tmp_path, go_session(iat=NOW))
    (tmp_path / "api-key.json").write_text("{}")
    found = who(tmp_path)
    assert (found["authenticated"], found["problem"]) == (False, "blank")


def test_one_warning_when_server_and_client_do_not_match(tmp_path):
    write_session(tmp_path, go_session(iat=NOW))
    assert len(who(tmp_path, {"AMIKA_API_URL": "https://other.example"})["warnings"]) == 1
    assert who(tmp_path, {"AMIKA_API_URL": "https://app.amika.dev/"})["warnings"] == []
    both = {"AMIKA_API_URL": "https://other.example", "AMIKA_WORKOS_CLIENT_ID": "client_other"}
    assert who(tmp_path, both)["warnings"] == []


def test_keychain_pointer(tmp_path):
    pointer = {
        "store": "keychain",
        "present": True,
        "email": "dev@example.com",
        "user_id": "user_1",
        "organization_id": "org_1",
        "expires_at": NOW + 60,
        "renewable": True,
        "rt": "abc",
    }
    (tmp_path / ".session.store").write_text(json.dumps(pointer))
    found = who(tmp_path)
    assert (found["authenticated"], found["storage"], found["email"]) == (True, "keychain", "dev@example.com")
    (tmp_path / ".session.meta").write_text('{"rejected": "abc"}')
    assert who(tmp_path)["problem"] == "rejected"
    (tmp_path / ".session.store").write_text(json.dumps({**pointer, "present": False}))
    assert who(tmp_path)["method"] == "none"


def test_a_file_newer_than_the_pointer_is_a_newer_login(tmp_path):
    pointer = tmp_path / ".session.store"
    pointer.write_text(json.dumps({"store": "keychain", "present": True, "email": "old@example.com"}))
    path = write_session(tmp_path, go_session(iat=NOW))
    os.utime(pointer, (1000, 1000))
    assert who(tmp_path)["storage"] == "file"
    os.utime(path, (500, 500))
    assert who(tmp_path)["storage"] == "keychain"
