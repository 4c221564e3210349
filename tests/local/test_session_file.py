from __future__ import annotations

import contextlib
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.session_files import access_token, go_session, write_session

from amika_local.errors import NotSignedIn
from amika_local.session_file import SessionFileError, read_api_key, read_session


def test_reads_what_the_go_cli_writes(tmp_path):
    path = write_session(tmp_path, go_session(iat=1000, lifetime=300))
    session = read_session(str(path))
    assert (session.email, session.user_id, session.organization_id) == ("dev@example.com", "user_1", "org_1")
    assert (session.expires_at, session.issued_at, session.token_exp) == (1300, 1000, 1300)
    assert session.session_id == "session_1"
    assert session.refresh_token.reveal() == "rt_fake_1"


def test_keys_match_in_any_case_as_in_go(tmp_path):
    content = {key.upper(): value for key, value in go_session(iat=1000).items()}
    assert read_session(str(write_session(tmp_path, content))).email == "dev@example.com"


def test_half_of_a_pair_is_no_text(tmp_path):
    """Nothing could store or print it, and the Go program reads it so too."""
    half = "a\ud800b"
    content = {**go_session(iat=1000), "email": half, "organization_id": half}
    session = read_session(str(write_session(tmp_path, content)))
    assert (session.email, session.organization_id) == ("a\ufffdb", "a\ufffdb")
    content = {"access_token": access_token(iat=5, org_id=half), "refresh_token": "rt"}
    assert read_session(str(write_session(tmp_path, content))).organization_id == "a\ufffdb"


def test_other_fields_are_kept_and_hold_no_token(tmp_path):
    content = go_session(iat=1000, theme="dark")
    session = read_session(str(write_session(tmp_path, content)))
    assert session.raw == {"theme": "dark"}
    assert "rt_fake_1" not in repr(session)
    assert content["access_token"] not in repr(vars(type(session)))


def test_the_token_fills_in_what_the_file_does_not_say(tmp_path):
    content = {"access_token": access_token(iat=5, org_id="org_claim"), "refresh_token": "rt"}
    session = read_session(str(write_session(tmp_path, content)))
    assert (session.user_id, session.organization_id, session.expires_at) == ("user_1", "org_claim", None)


def test_an_opaque_token_is_a_session_too(tmp_path):
    session = read_session(str(write_session(tmp_path, {"access_token": "opaque", "refresh_token": "rt"})))
    assert (session.session_id, session.token_exp, session.expiry()) == ("", None, None)


def test_go_writes_year_one_for_no_time(tmp_path):
    content = go_session(iat=1000, expires_at="0001-01-01T00:00:00Z")
    assert read_session(str(write_session(tmp_path, content))).expires_at is None


def test_no_file_is_no_session(tmp_path):
    assert read_session(str(tmp_path / "workos-session.json")) is None
    (tmp_path / "file").write_text("x")
    assert read_api_key(str(tmp_path / "none")) is None


@pytest.mark.parametrize(
    ("content", "kind", "torn"),
    [
        ("", "blank", True),
        ("  \n", "blank", True),
        ("null", "blank", False),
        ("{}", "blank", False),
        ('{"access_token": "", "refresh_token": ""}', "blank", False),
        ('{"access_token": null}', "blank", False),
        ('{"access_token": "ey', "corrupt", True),
        ("[]", "corrupt", False),
        ('"text"', "corrupt", False),
        ('{"access_token": 7}', "corrupt", False),
        ('{"access_token": "a", "refresh_token": ["rt"]}', "corrupt", False),
        ('{"access_token": "a", "expires_at": 1700000000}', "corrupt", False),
        ('{"access_token": "a", "expires_at": "soon"}', "corrupt", False),
        ("[" * 50_000, "corrupt", True),
        ('{"access_token": NaN}', "corrupt", True),
    ],
)
def test_bad_content_is_named_and_never_quoted(tmp_path, content, kind, torn):
    path = write_session(tmp_path, content)
    with pytest.raises(SessionFileError) as caught:
        read_session(str(path))
    assert (caught.value.kind, caught.value.torn) == (kind, torn)
    assert caught.value.exit_code == NotSignedIn.exit_code
    assert str(path) in caught.value.message
    assert "ey" not in caught.value.message.replace(str(path), "")


def test_a_fifo_does_not_hang(tmp_path):
    path = tmp_path / "workos-session.json"
    os.mkfifo(path)
    with pytest.raises(SessionFileError, match="regular file") as caught:
        read_session(str(path))
    assert caught.value.kind == "unreadable"


def test_a_directory_and_a_giant_are_unreadable(tmp_path):
    (tmp_path / "workos-session.json").mkdir()
    with pytest.raises(SessionFileError) as caught:
        read_session(str(tmp_path / "workos-session.json"))
    assert caught.value.kind == "unreadable"
    giant = tmp_path / "giant"
    with giant.open("wb") as file:
        file.truncate(2 << 20)
    with pytest.raises(SessionFileError) as caught:
        read_session(str(giant))
    assert caught.value.kind == "unreadable"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_end_in_a_session_or_a_named_error(tmp_path, data):
    path = tmp_path / "any"
    path.write_bytes(data)
    for read in (read_session, read_api_key):
        with contextlib.suppress(SessionFileError):
            read(str(path))


def test_api_key(tmp_path):
    path = tmp_path / "api-key.json"
    path.write_text(json.dumps({"Key": " ak_fake \n", "stored_at": "2026-01-01T00:00:00Z"}))
    assert read_api_key(str(path)).reveal() == "ak_fake"


@pytest.mark.parametrize(
    ("content", "kind"),
    [("{}", "blank"), ('{"key": " "}', "blank"), ("null", "blank"), ('{"key": 1}', "corrupt"), ("x", "corrupt")],
)
def test_bad_api_key_file(tmp_path, content, kind):
    path = tmp_path / "api-key.json"
    path.write_text(content)
    with pytest.raises(SessionFileError) as caught:
        read_api_key(str(path))
    assert caught.value.kind == kind
