"""What may be sent of a credential: blank, malformed and misnamed values are refused, each with field and next step."""

from __future__ import annotations

import json

import pytest

from amika_agent.sync.payload import MAX_BYTES, checked_value, expiry, plain_value, renews
from amika_local.errors import UsageError
from amika_local.secret import Secret


def claude(**more: object) -> Secret:
    return Secret(json.dumps({"claudeAiOauth": {"accessToken": "fake-token", **more}, "mcpOAuth": {"s": "fake-mcp"}}))


def codex(**tokens: object) -> Secret:
    held = {"access_token": "fake-access", "refresh_token": "fake-refresh", **tokens}
    return Secret(json.dumps({"OPENAI_API_KEY": "fake-key", "tokens": held, "last_refresh": "then", "x": 1}))


def test_of_claudes_file_only_the_login_is_sent():
    assert json.loads(checked_value("claude", "oauth", claude(expiresAt=1)).reveal()) == {
        "claudeAiOauth": {"accessToken": "fake-token", "expiresAt": 1}
    }


def test_of_codexs_file_only_the_login_is_sent():
    assert json.loads(checked_value("codex", "oauth", codex(device="fake")).reveal()) == {
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {"access_token": "fake-access", "refresh_token": "fake-refresh"},
        "last_refresh": "then",
    }


@pytest.mark.parametrize(
    ("ends", "at"),
    [
        (4_070_908_800_000, 4_070_908_800.0),
        (4_070_908_800, 4_070_908_800.0),
        ("2001-01-01T00:00:00Z", 978_307_200.0),
        ("", None),
        (None, None),
    ],
)
def test_an_end_is_read_as_the_source_reads_it(ends, at):
    assert expiry("claude", "oauth", checked_value("claude", "oauth", claude(expiresAt=ends))) == at


@pytest.mark.parametrize("ends", ["tomorrow", True, [], {}, 1.5])
def test_an_end_that_is_no_time_is_malformed_and_named(ends):
    with pytest.raises(UsageError, match=r"malformed: claudeAiOauth\.expiresAt") as caught:
        checked_value("claude", "oauth", claude(expiresAt=ends))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("provider", "value", "says"),
    [
        ("claude", claude(accessToken=" "), "claudeAiOauth.accessToken"),
        ("claude", claude(accessToken=5), "claudeAiOauth.accessToken"),
        ("claude", claude(expiresAt=0), "claudeAiOauth.expiresAt is 0"),
        ("codex", codex(access_token=None), "tokens.access_token"),
    ],
)
def test_a_blank_record_is_refused_by_its_field(provider, value, says):
    with pytest.raises(UsageError, match="blank") as caught:
        checked_value(provider, "oauth", value)
    assert says in caught.value.message
    assert caught.value.remedy
    assert "fake" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize(
    "value", ['"sk-fake"', "'sk-fake'", "[1]", "two words", "a\tb", "a\0b", "{}", "sk-ant-oat01-fake", ""]
)
def test_what_is_no_api_key(value):
    with pytest.raises(UsageError) as caught:
        checked_value("claude", "api_key", Secret(value))
    assert caught.value.remedy
    assert "fake" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize("value", ["", " \n", "a\0b", "\udc80", "x" * (MAX_BYTES + 1)])
def test_what_no_environment_carries(value):
    with pytest.raises(UsageError) as caught:
        plain_value(Secret(value))
    assert caught.value.remedy


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_only_python_takes_for_json_is_refused(word):
    with pytest.raises(UsageError, match="must be a JSON object"):
        checked_value("claude", "oauth", Secret('{"claudeAiOauth": {"accessToken": "fake", "x": ' + word + "}}"))


def test_a_copy_without_the_refresh_token_does_not_renew():
    full, slim = (
        checked_value("claude", "oauth", claude(refreshToken="fake-r"), without_refresh_token=slim)
        for slim in (False, True)
    )
    assert (renews("claude", "oauth", full), renews("claude", "oauth", slim)) == (True, False)
    assert renews("codex", "oauth", checked_value("codex", "oauth", codex()))
    assert not renews("codex", "api_key", Secret("sk-fake"))
