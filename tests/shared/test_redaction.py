from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_shared.redaction import plain, redact, safe_line

# every value is made up
SECRETS = [
    "sk-fake0123456789abcdef",
    "sk-proj-fake_0123-456789abcdef",
    "sk-ant-oat01-fakefakefake-AAAA",
    "sk-ant-ort01-fakefakefake-AAAA",
    "sk-or-v1-0123456789abcdef",
    "ghp_fakefakefakefakefake0123",
    "gho_fakefakefakefakefake0123",
    "github_pat_fakefake_0123456789",
    "AIzaFakeFakeFakeFakeFakeFakeFakeFake012",
    "xoxb-0123456789-fakefakefake",
    "xoxp-0123456789-fakefakefake",
    "lin_api_fakefakefakefakefake",
    "almyty_fakefakefake0123",
    "sgamp_user_fakefakefake",
    "gsk_fakefakefakefakefake",
    "sk_live_fakefakefake0123",
    "ak_live_fakefakefake0123",
    "hooks.slack.com/services/T0FAKE/B0FAKE/fakefakefake0123",
    "discord.com/api/webhooks/123456789012345678/fakefake_fake-fake0123",
    "xapp-1-A0-0123456789-fakefake",
    "npm_fakefakefakefake0123",
    "MTIzNDU2Nzg5MDEyMzQ1Njc4.GfakeF.fakefakefakefakefakefakefake",
    "glpat-fakefakefakefake0123",
    "hf_fakefakefakefakefake0123",
    "SG.fakefakefake.fakefakefakefake",
    "whsec_fakefakefakefake0123",
    "ya29.fakefakefakefake0123",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmYWtlIn0.c2lnbmF0dXJlLWZha2U",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "frame", ["{}", "value={}", "'{}'", '{{"key": "{}"}}', "x {} y", "({})", "https://h/p?t={}&b=1"]
)
def test_every_shape_of_a_secret_is_hidden_wherever_it_stands(secret: str, frame: str) -> None:
    shown = redact(frame.format(secret))
    assert secret not in shown
    assert secret[10:] not in shown
    assert "****" in shown


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer fake.opaque-token/123==",
        "authorization: bearer fakeopaquetoken",
        '{"access_token": "fakeopaquetoken"}',
        "{'refresh_token': 'fakeopaquetoken'}",
        "ANTHROPIC_API_KEY=fakeopaquetoken",
        "client_secret=fakeopaquetoken&x=1",
        "password: fakeopaquetoken",
        "X-API-Key: fakeopaquetoken",
        "client-secret=fakeopaquetoken",
        "https://user:fakeopaquetoken@host/path",
    ],
)
def test_a_value_without_shape_is_hidden_where_its_name_tells(text: str) -> None:
    shown = redact(text)
    assert "fakeopaquetoken" not in shown
    assert "fake.opaque" not in shown


def test_a_private_key_is_hidden_whole_and_cut_off_too() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nZmFrZQ==\nZmFrZQ==\n-----END OPENSSH PRIVATE KEY-----"
    assert redact(f"a {key} b") == "a **** b"
    assert "ZmFrZQ" not in redact(key[:60])


@pytest.mark.parametrize(
    "text",
    [
        "the agent started for the profile default",
        "/home/someone/.claude/.credentials.json is damaged: not JSON (line 3)",
        "claude-oauth/anthropic expires in 10 min",
        "a task-list of ask-me questions",
        "HTTP 401 from app.example.com:8443",
        "ANTHROPIC_API_KEY",
        "the bearer cannot be sent",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert safe_line(text) == text


@given(st.text())
def test_what_is_shown_is_one_line_that_steers_nothing(text: str) -> None:
    shown = plain(text)
    assert not set(shown) & {chr(c) for c in (*range(0x20), *range(0x7F, 0xA0))}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\ufeff")
    shown.encode()
    assert plain(shown) == shown


def test_characters_without_a_look_of_their_own_are_taken_out() -> None:
    tags = "".join(chr(0xE0000 + ord(c)) for c in "delete this")  # a text that only a machine reads
    assert plain(f"my{tags} key\u3164\uffa0\u115f\u1160\u034f\u200b") == "my key"


def test_letters_of_every_language_stay() -> None:
    assert plain("Zoë Łukasz 李 „—“ é") == "Zoë Łukasz 李 „—“ é"
    assert plain("a\nb\tc\r\nd") == "a b c d"


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "x",
            "a-",
            "eyJ_",
            "eyJ",
            "sk-",
            "sk_",
            "bearer=",
            "bearer ",
            "api_key",
            "api_key=",
            'api_key="',
            "password ",
        ),
        *(" ", "://", "a://b", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "\\", "\n", "{", "é"),
    ],
)
def test_a_megabyte_of_anything_ends(piece: str) -> None:
    """Were any pattern quadratic, this would run into the timeout."""
    safe_line(piece * (1_000_000 // len(piece)))
