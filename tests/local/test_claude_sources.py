"""Claude Code: the subscription login, the API key in its configuration, the macOS keychain item."""

from __future__ import annotations

import json

import pytest
from tests.fakes.homes import FUTURE, FUTURE_MS, NOW

from amika_local import keychain as macos
from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.document import DocumentError, FieldError
from amika_local.keychain import Keychain
from amika_local.sources import TABLE, claude_api, claude_keychain, claude_oauth
from amika_local.sources.claude_keychain import item, service
from amika_local.sources.place import Place


def place(source: str) -> Place:
    row = next(row for row in TABLE if row.id == source)
    return Place(row, "/home/dev/file", NOW)


def login(**more):
    return {
        "claudeAiOauth": {"accessToken": "sk-ant-oat01-fake", "refreshToken": "fake", "expiresAt": FUTURE_MS, **more}
    }


def one(found) -> Credential:
    (credential,) = found
    assert isinstance(credential, Credential)
    return credential


def test_the_login_carries_its_record_and_nothing_beside_it():
    document = {**login(scopes=["user:inference"]), "mcpOAuth": {"x": "fake-mcp"}, "trustedDeviceToken": "fake-device"}
    found = one(claude_oauth.parse(document, place("claude-oauth")))
    assert (found.provider, found.kind, found.source, found.priority) == ("anthropic", OAUTH, "claude-oauth", 400)
    assert found.value.reveal() == "sk-ant-oat01-fake"
    assert found.native_name == "CLAUDE_CODE_OAUTH_TOKEN"
    assert found.expires_at == FUTURE
    assert found.path == "/home/dev/file"
    assert found.record is not None
    assert json.loads(found.record.reveal()) == {"claudeAiOauth": document["claudeAiOauth"]}


@pytest.mark.parametrize("expiry", [{"expiresAt": None}, {"expiresAt": ""}])
def test_without_an_expiry_it_does_not_expire(expiry):
    assert one(claude_oauth.parse(login(**expiry), place("claude-oauth"))).expires_at is None


def test_an_old_file_says_its_expiry_as_text():
    assert one(claude_oauth.parse(login(expiresAt="2099-01-01T00:00:00Z"), place("claude-oauth"))).expires_at == FUTURE


@pytest.mark.parametrize("document", [{}, {"other": 1}, {"claudeAiOauth": None}, {"claudeAiOauth": {}}])
def test_no_login(document):
    assert claude_oauth.parse(document, place("claude-oauth")) == []


@pytest.mark.parametrize(
    "blank",
    [{"accessToken": "", "refreshToken": "", "expiresAt": 0}, {"accessToken": " \t "}, {"expiresAt": 0}],
)
def test_a_blank_record_is_reported_and_never_used(blank):
    (problem,) = claude_oauth.parse(login(**blank), place("claude-oauth"))
    assert isinstance(problem, Problem)
    assert problem.code == "blank"
    assert problem.path == "/home/dev/file"
    assert "claude" in problem.remedy


@pytest.mark.parametrize(
    "document",
    [
        {"claudeAiOauth": 1.5},
        {"claudeAiOauth": "text"},
        {"claudeAiOauth": {"accessToken": True}},
        {"claudeAiOauth": {"accessToken": {}}},
        login(expiresAt="soon"),
        login(expiresAt=True),
        login(expiresAt=1.5),
        login(expiresAt=[]),
    ],
)
def test_a_field_of_another_type_spoils_the_file(document):
    with pytest.raises(FieldError):
        claude_oauth.parse(document, place("claude-oauth"))


def test_the_expiry_of_a_blank_record_is_not_read():
    (problem,) = claude_oauth.parse(login(accessToken="", expiresAt="soon"), place("claude-oauth"))
    assert isinstance(problem, Problem)


def test_the_identity():
    assert claude_oauth.account({"oauthAccount": {"emailAddress": "dev@example.com"}}) == "dev@example.com"
    for document in ({}, {"oauthAccount": None}, {"oauthAccount": {"emailAddress": 1}}, {"oauthAccount": []}):
        assert claude_oauth.account(document) is None


def test_the_first_field_with_an_anthropic_key_counts():
    document = {
        "customApiKey": "sk-ant-4",
        "anthropicApiKey": "sk-ant-3",
        "apiKey": " sk-ant-2 ",
        "primaryApiKey": "no",
    }
    found = one(claude_api.parse(document, place("claude-api")))
    assert found.value.reveal() == "sk-ant-2"
    assert (found.kind, found.native_name, found.priority) == (API_KEY, "ANTHROPIC_API_KEY", 500)
    assert found.record is None


@pytest.mark.parametrize("document", [{}, {"PrimaryApiKey": "sk-ant-1"}, {"apiKey": "SK-ANT-1"}, {"apiKey": None}])
def test_no_key(document):
    assert claude_api.parse(document, place("claude-api")) == []


def test_a_field_after_the_key_is_not_read_and_one_before_it_is():
    assert claude_api.parse({"primaryApiKey": "sk-ant-1", "apiKey": 1}, place("claude-api"))
    with pytest.raises(FieldError, match="primaryApiKey"):
        claude_api.parse({"primaryApiKey": 1, "apiKey": "sk-ant-1"}, place("claude-api"))


def test_an_oauth_token_in_a_key_field_is_called_what_it_is():
    found = one(claude_api.parse({"apiKey": "sk-ant-oat01-fake"}, place("claude-api")))
    assert (found.kind, found.native_name) == (OAUTH, "CLAUDE_CODE_OAUTH_TOKEN")


# the macOS keychain


@pytest.mark.parametrize(
    "spell", [lambda data: data, lambda data: data + b"\n", lambda data: data.hex().encode() + b"\n"]
)
def test_the_item_holds_the_same_record_plain_or_in_hex(spell):
    found = one(claude_keychain.parse(spell(json.dumps(login()).encode()), place("claude-keychain")))
    assert (found.source, found.native_name, found.expires_at) == ("claude-keychain", "CLAUDE_CODE_OAUTH_TOKEN", FUTURE)


@pytest.mark.parametrize("content", [b"", b"not json", b"abc", b"[]", b"{", b"\xff\xfe"])
def test_an_item_that_holds_something_else(content):
    with pytest.raises(DocumentError):
        claude_keychain.parse(content, place("claude-keychain"))


def test_a_configuration_directory_has_an_item_of_its_own():
    assert service("") == "Claude Code-credentials"
    first, second = service("/home/dev/caf\u00e9"), service("/home/dev/cafe\u0301")
    assert first == second  # the same name, composed or not
    assert first.startswith("Claude Code-credentials-")
    assert len(first) == len("Claude Code-credentials-") + 8
    assert service("/home/dev/\udcff") != first  # as the environment gives a byte that is no text


class Security:
    """Stands for /usr/bin/security: one item, with attributes and a secret."""

    def __init__(self, secret: bytes | None) -> None:
        self.secret = secret
        self.stamp = 1
        self.denied = False
        self.calls: list[str] = []

    def __call__(self, command: list[str]) -> tuple[int, bytes]:
        assert command[:2] == ["/usr/bin/security", "find-generic-password"]
        assert command[2:6] == ["-a", "dev", "-s", "Claude Code-credentials"]
        wants_secret = command[6:] == ["-w"]
        self.calls.append("secret" if wants_secret else "attributes")
        if self.secret is None:
            return 44, b""
        if wants_secret:
            return (36, b"") if self.denied else (0, self.secret)
        return 0, f'"mdat"<timedate>={self.stamp}'.encode()


def test_the_secret_is_fetched_once_and_again_only_when_the_item_changed():
    security = Security(b"one")
    keychain, env = Keychain(security), {"USER": "dev"}
    assert keychain.read(*item(env, ""), NOW) == b"one"
    assert security.calls == ["attributes", "secret"]
    assert keychain.read(*item(env, ""), NOW + 59) == b"one"
    assert security.calls == ["attributes", "secret"]  # not even looked at within a minute
    assert keychain.read(*item(env, ""), NOW + 61) == b"one"
    assert security.calls == ["attributes", "secret", "attributes"]
    security.secret, security.stamp = b"two", 2
    assert keychain.read(*item(env, ""), NOW + 122) == b"two"


def test_an_item_that_vanished_and_a_question_that_was_denied():
    security = Security(None)
    keychain, env = Keychain(security), {"USER": "dev"}
    assert keychain.read(*item(env, ""), NOW) is None
    security.secret, security.denied = b"one", True
    assert keychain.read(*item(env, ""), NOW + 61) is None
    security.denied = False
    assert keychain.read(*item(env, ""), NOW + 122) == b"one"
    security.secret = None
    assert keychain.read(*item(env, ""), NOW + 183) is None


def test_a_clock_that_went_back_does_not_stop_it_from_looking():
    security = Security(b"one")
    keychain = Keychain(security)
    keychain.read(*item({"USER": "dev"}, ""), NOW)
    security.secret, security.stamp = b"two", 2
    assert keychain.read(*item({"USER": "dev"}, ""), NOW - 86400) == b"two"


def test_a_missing_program_is_no_answer():
    code, content = macos._run(["/nonexistent/security"])
    assert code != 0
    assert content == b""
