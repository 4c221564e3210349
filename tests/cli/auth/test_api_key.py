"""An API key instead of a session: from a file or the environment."""

from __future__ import annotations

import json

import pytest
from tests.cli.auth.signing_in import sign_in, signed_in


def test_api_key_from_a_file(amika, server, state, tmp_path):
    key = tmp_path / "key"
    key.write_text("ak_fake\n")
    with server.model.lock:
        server.model._session("org_01ACME").access.add("ak_fake")
    code, out, _ = amika("auth", "login", "--api-key-file", str(key), "-o", "json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    assert "ak_fake" not in out
    found = json.loads(amika("auth", "status", "-o", "json")[1])
    assert (found["method"], found["storage"]) == ("stored_api_key", "file")
    code, out, _ = amika("auth", "logout")
    assert code == 0
    assert "API key was deleted" in out
    assert not (state / "api-key.json").exists()


def test_a_rejected_api_key_is_not_stored(amika, server, state, tmp_path):
    key = tmp_path / "key"
    key.write_text("ak_wrong")
    code, _, err = amika("auth", "login", "--api-key-file", str(key))
    assert code == 3
    assert "rejects" in err
    assert not (state / "api-key.json").exists()


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"{}", b'"ok"', b""])
def test_a_page_that_is_no_api_accepts_no_key(amika, server, state, tmp_path, body):
    key = tmp_path / "key"
    key.write_text("ak_fake")
    server.fail("api", "answer", status=200, body=body)
    code, _, err = amika("auth", "login", "--api-key-file", str(key))
    assert code == 5
    assert "what answers is not Amika" in err
    assert not (state / "api-key.json").exists()


def test_an_api_key_can_be_stored_offline(amika, server, state, tmp_path):
    key = tmp_path / "key"
    key.write_text("ak_fake")
    server.stop()
    code, _, err = amika("auth", "login", "--api-key-file", str(key))
    assert code == 0
    assert "unchecked" in err
    assert (state / "api-key.json").exists()


@pytest.mark.parametrize("content", ["", "two words", "{"])
def test_a_file_without_a_key_is_usage(amika, server, state, tmp_path, content):
    key = tmp_path / "key"
    key.write_text(content)
    assert amika("auth", "login", "--api-key-file", str(key))[0] == 2
    assert amika("auth", "login", "--api-key-file", str(tmp_path / "none"))[0] == 2
    assert server.seen == []


def test_the_environment_key_comes_first_and_is_named(amika, server, state, monkeypatch):
    signed_in(server, state)
    monkeypatch.setenv("AMIKA_API_KEY", "ak_env")
    code, out, err = amika("auth", "status")
    assert code == 0
    assert "AMIKA_API_KEY" in out
    assert "used instead" in err
    code, _, err = amika("auth", "logout")
    assert code == 0
    assert "AMIKA_API_KEY is still set" in err
    _, _, err = sign_in(amika, server)
    assert "AMIKA_API_KEY is set" in err
