from __future__ import annotations

import json

import pytest
from tests.fakes.homes import FUTURE, NOW, jwt

from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.document import FieldError
from amika_local.sources import TABLE, codex, codex_keyring
from amika_local.sources.place import Place


def place(*, oauth: bool = True) -> Place:
    row = next(row for row in TABLE if row.id == "codex")
    return Place(row, "/home/dev/.codex/auth.json", NOW, oauth=oauth)


def login(**more):
    return {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {
            "id_token": jwt(email="dev@example.com"),
            "access_token": jwt(exp=FUTURE),
            "refresh_token": "fake-refresh",
            "account_id": "acc",
            "something_new": "fake",
        },
        "last_refresh": "2030-01-01T00:00:00.123456789Z",
        "other": "fake",
        **more,
    }


def test_the_login():
    (found,) = codex.parse(login(), place())
    assert isinstance(found, Credential)
    assert (found.provider, found.kind, found.native_name) == ("openai", OAUTH, "")
    assert found.account == "dev@example.com"
    assert found.expires_at == FUTURE
    assert found.issued_at == pytest.approx(1893456000.123, abs=0.001)
    assert found.record is not None
    record = json.loads(found.record.reveal())
    assert list(record) == ["auth_mode", "OPENAI_API_KEY", "tokens", "last_refresh"]
    assert record["OPENAI_API_KEY"] is None
    assert list(record["tokens"]) == ["id_token", "access_token", "refresh_token", "account_id"]
    assert record["last_refresh"] == "2030-01-01T00:00:00.123456789Z"


def test_the_key_comes_before_the_login_and_both_are_found():
    key, token = codex.parse(login(OPENAI_API_KEY="sk-fake", auth_mode="apikey"), place())
    assert isinstance(key, Credential)
    assert isinstance(token, Credential)
    assert (key.kind, key.value.reveal(), key.native_name) == (API_KEY, "sk-fake", "OPENAI_API_KEY")
    assert key.record is None
    assert token.kind == OAUTH
    assert token.record is not None
    assert json.loads(token.record.reveal())["auth_mode"] == "chatgpt"  # the record is a login's


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "jwt.a.b", jwt(), jwt(exp="soon"), jwt(exp=True), jwt(exp=-1)])
def test_a_token_without_a_readable_end_does_not_expire(token):
    (found,) = codex.parse({"tokens": {"access_token": token}}, place())
    assert isinstance(found, Credential)
    assert found.expires_at is None
    assert found.account is None


def test_the_email_may_stand_in_the_profile_claim():
    tokens = {"access_token": "x", "id_token": jwt(**{"https://api.openai.com/profile": {"email": "dev@example.com"}})}
    (found,) = codex.parse({"tokens": tokens}, place())
    assert isinstance(found, Credential)
    assert found.account == "dev@example.com"


@pytest.mark.parametrize("document", [{}, {"tokens": None}, {"tokens": {}}, {"tokens": {"access_token": None}}])
def test_signed_out(document):
    assert codex.parse(document, place()) == []


@pytest.mark.parametrize("document", [{"tokens": {"access_token": " "}}, {"OPENAI_API_KEY": ""}])
def test_blank(document):
    (problem,) = codex.parse(document, place())
    assert isinstance(problem, Problem)
    assert problem.code == "blank"


@pytest.mark.parametrize(
    "document", [{"tokens": 1}, {"tokens": []}, {"tokens": {"access_token": []}}, {"OPENAI_API_KEY": 1}]
)
def test_a_field_of_another_type_spoils_the_file(document):
    with pytest.raises(FieldError):
        codex.parse(document, place())


def test_without_oauth_the_tokens_are_not_even_read():
    assert codex.parse({"tokens": 1}, place(oauth=False)) == []
    (key,) = codex.parse(login(OPENAI_API_KEY="sk-fake", tokens=1), place(oauth=False))
    assert isinstance(key, Credential)


def test_beside_a_key_broken_tokens_cost_nothing():
    (key,) = codex.parse(login(OPENAI_API_KEY="sk-fake", tokens=1), place())
    assert isinstance(key, Credential)
    assert key.kind == API_KEY


@pytest.mark.parametrize("mode", ["keyring", "auto", "ephemeral"])
def test_a_login_that_lies_elsewhere(mode):
    config = f'# comment\nmodel = "x"\ncli_auth_credentials_store = "{mode}"\n[profiles.a]\nmodel = "y"\n'.encode()
    assert mode in codex_keyring.elsewhere(config)
    assert mode in codex_keyring.elsewhere(b"\xef\xbb\xbf" + config)


@pytest.mark.parametrize(
    "config",
    [
        b"",
        b'model = "x"\n',
        b'cli_auth_credentials_store = "file"\n',
        b'# cli_auth_credentials_store = "keyring"\n',
        b'[profiles.a]\ncli_auth_credentials_store = "keyring"\n',
        b"\xff\xfe not toml at all",
    ],
)
def test_a_login_in_its_file(config):
    assert codex_keyring.elsewhere(config) == ""


@pytest.mark.parametrize(
    "config",
    [b"cli_auth_credentials_store = ", b"cli_auth_credentials_store = \xff", b"cli_auth_credentials_store = 1\n"],
)
def test_a_setting_that_cannot_be_read_claims_nothing(config):
    # to say "signed out" by mistake would take a key away from every shell
    assert codex_keyring.elsewhere(config) == "config.toml cannot be read"
