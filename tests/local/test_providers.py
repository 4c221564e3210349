from __future__ import annotations

import pytest

from amika_local.credential import API_KEY, OAUTH
from amika_local.providers import canonical, is_variable, native_variable, shown, upper, variables


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("groq", "groq"),
        (" Groq\n", "groq"),
        ("Open_Router", "open-router"),
        ("open router", "open-router"),
        ("a.b/c_d e", "a-b-c-d-e"),
        ("a--b", "a-b"),
        ("a---b", "a-b"),
        ("a----b", "a-b"),
        ("a------b", "a--b"),
        ("a_-b", "a-b"),
        ("-a-", "a"),
        ("//a//", "a"),
        ("--", ""),
        (". /_-", ""),
        ("", ""),
        ("claude", "anthropic"),
        (" -Claude- ", "anthropic"),
        ("CODEX", "openai"),
        ("OpenAI", "openai"),
        ("open-ai", "open-ai"),
        ("\u3000groq\x85", "groq"),
        ("-\xa0a-", "a"),
        ("\x1fgroq", "\x1fgroq"),
    ],
)
def test_canonical_names(name, provider):
    assert canonical(name) == provider


@pytest.mark.parametrize("name", ["opena\u0131", "\u212aimi", "gro\u017f", "\uff47roq", "groq\u0301", "\u041ePENAI"])
def test_no_lookalike_becomes_a_name(name):
    provider = canonical(name)
    assert not provider.isascii()
    assert not all(is_variable(variable) for variable in variables(provider))


def test_only_ascii_letters_are_raised():
    assert upper("a\u0131\u017fz") == "A\u0131\u017fZ"


def test_variables():
    assert variables("anthropic") == ("ANTHROPIC_API_KEY", "CLAUDE_API_KEY")
    assert variables("openai") == ("OPENAI_API_KEY", "CODEX_API_KEY")
    assert variables("open-router") == ("OPEN_ROUTER_API_KEY",)
    assert variables("a--b") == ("A__B_API_KEY",)


@pytest.mark.parametrize("name", ["302AI_API_KEY", "A;X=ID;_API_KEY", "A B", "A-B", "", "A\n", "É", "A=", "$A"])
def test_what_is_no_variable(name):
    assert not is_variable(name)


@pytest.mark.parametrize("name", ["A", "_", "_1", "GROQ_API_KEY", "a__b"])
def test_what_is_a_variable(name):
    assert is_variable(name)


@pytest.mark.parametrize(
    ("provider", "kind", "value", "claude", "name"),
    [
        ("anthropic", API_KEY, "sk-ant-api03-x", False, "ANTHROPIC_API_KEY"),
        ("anthropic", OAUTH, "anything", True, "CLAUDE_CODE_OAUTH_TOKEN"),
        ("anthropic", OAUTH, "sk-ant-oat01-x", False, "CLAUDE_CODE_OAUTH_TOKEN"),
        ("anthropic", OAUTH, "anything", False, ""),
        ("openai", API_KEY, "sk-x", False, "OPENAI_API_KEY"),
        ("openai", OAUTH, "jwt", False, ""),
        ("amp", API_KEY, "sgamp_x", False, "AMP_API_KEY"),
        ("groq", API_KEY, "gsk_x", False, "GROQ_API_KEY"),
        ("gemini", OAUTH, "ya29", False, ""),
    ],
)
def test_native_variables(provider, kind, value, claude, name):
    assert native_variable(provider, kind, value, claude=claude) == name


def test_a_name_from_a_file_is_shown_short_and_plain():
    assert shown("a\x1b[2J\u202eb") == "a?[2J?b"
    assert shown("x" * 60) == "x" * 40 + "…"
