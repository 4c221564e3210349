from __future__ import annotations

import pytest

from amika_shared.settings_schema import SCHEMA, checked, defaults, find, flatten, from_text


@pytest.mark.parametrize("setting", SCHEMA, ids=lambda setting: setting.key)
def test_every_default_is_a_value_of_its_setting(setting) -> None:
    assert checked(setting, setting.default) == setting.default
    assert checked(setting, setting.local) == setting.local
    assert setting.text


def test_the_local_workspace_pushes_by_itself_and_a_real_account_does_not() -> None:
    assert defaults("default")["sync.auto_push"] == []
    assert defaults("local")["sync.auto_push"] == ["claude", "codex"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sync.auto_push", "claude"),
        ("sync.auto_push", ["claude", 1]),
        ("sync.auto_push", ["gemini"]),
        ("env_cache.enabled", "yes"),
        ("env_cache.enabled", 1),
        ("shell.allow", ["ANTHROPIC_API_KEY OPENAI_API_KEY"]),
        ("shell.allow", ["1A"]),
        ("agent.log_level", "loud"),
        ("agent.log_level", ""),
        ("agent.log_level", 3),
        ("account.api_url", ["x"]),
        ("account.api_url", "a\x1bb"),
    ],
)
def test_a_wrong_value_is_refused_in_words_without_the_value(key: str, value: object) -> None:
    setting = find(key)
    assert setting is not None
    with pytest.raises(ValueError, match=key.replace(".", r"\.")) as caught:
        checked(setting, value)
    assert "gemini" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("sync.auto_push", "claude, codex,claude", ["claude", "codex"]),
        ("sync.auto_push", "", []),
        ("env_cache.enabled", "off", False),
        ("env_cache.enabled", "TRUE", True),
        ("account.api_url", " https://a.example ", "https://a.example"),
    ],
)
def test_what_a_person_types(key: str, text: str, value: object) -> None:
    setting = find(key)
    assert setting is not None
    assert from_text(setting, text) == value


def test_tables_become_dotted_keys() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {"a.b": 1, "a.c.d": 2, "e": 3}
