from __future__ import annotations

import pytest
from tests.fakes.discoveries import discovery

from amika_cli.children.environment import for_child
from amika_cli.children.project import Project
from amika_local.credential import API_KEY, OAUTH, Credential, Problem
from amika_local.errors import NotFound
from amika_local.secret import Secret


def credential(provider, kind, source, priority, native, value="fake-value"):
    return Credential(provider, kind, Secret(value), source, "/f", priority, native_name=native)


CLAUDE_KEY = credential("anthropic", API_KEY, "claude-api", 500, "ANTHROPIC_API_KEY", "fake-key")
CLAUDE_LOGIN = credential("anthropic", OAUTH, "claude-oauth", 400, "CLAUDE_CODE_OAUTH_TOKEN", "fake-token")
CODEX_KEY = credential("openai", API_KEY, "codex", 300, "OPENAI_API_KEY", "fake-openai")
CODEX_LOGIN = credential("openai", OAUTH, "codex", 300, "", "fake-codex-token")
EXPIRED = Problem("expired", "it has expired", source="claude-oauth")


def given(found, *, env=None, command=("prog",), only=(), project=None):
    child = for_child(found, env or {}, list(command), list(only), project)
    return {name: value.reveal() for name, value in child.variables.items()}, child.remarks


def test_native_names_only():
    got, remarks = given(
        discovery(CODEX_KEY, credential("groq", API_KEY, "opencode", 200, "GROQ_API_KEY", "fake-groq"))
    )
    assert got == {"OPENAI_API_KEY": "fake-openai", "GROQ_API_KEY": "fake-groq"}
    assert remarks == []


def test_an_oauth_token_never_stands_under_the_name_of_a_key():
    got, _ = given(discovery(CLAUDE_LOGIN, CODEX_LOGIN))
    assert got == {"CLAUDE_CODE_OAUTH_TOKEN": "fake-token"}


def test_a_metered_key_is_withheld_beside_a_subscription():
    got, remarks = given(discovery(CLAUDE_KEY, CLAUDE_LOGIN))
    assert got == {"CLAUDE_CODE_OAUTH_TOKEN": "fake-token"}
    assert "--only ANTHROPIC_API_KEY" in remarks[0]


def test_an_expired_login_withholds_it_too():
    got, remarks = given(discovery(CLAUDE_KEY, problems=(EXPIRED,)))
    assert got == {}
    assert len(remarks) == 1


def test_only_passes_it_all_the_same():
    got, _ = given(discovery(CLAUDE_KEY, CLAUDE_LOGIN), only=["ANTHROPIC_API_KEY"])
    assert got == {"ANTHROPIC_API_KEY": "fake-key"}


def test_without_a_subscription_the_key_is_passed():
    assert given(discovery(CLAUDE_KEY))[0] == {"ANTHROPIC_API_KEY": "fake-key"}


def test_claude_itself_gets_no_frozen_copy_of_its_token():
    assert given(discovery(CLAUDE_LOGIN), command=["/usr/bin/claude", "-p"])[0] == {}
    assert given(discovery(CLAUDE_LOGIN), command=["claude"], only=["CLAUDE_CODE_OAUTH_TOKEN"])[0] == {
        "CLAUDE_CODE_OAUTH_TOKEN": "fake-token"
    }


def test_what_the_person_has_set_stays_unless_named():
    env = {"OPENAI_API_KEY": "mine"}
    got, remarks = given(discovery(CODEX_KEY), env=env)
    assert got == {}
    assert "was kept" in remarks[0]
    assert given(discovery(CODEX_KEY), env=env, only=["OPENAI_API_KEY"])[0] == {"OPENAI_API_KEY": "fake-openai"}
    assert given(discovery(CODEX_KEY), env={"OPENAI_API_KEY": "fake-openai"})[1] == []


def test_an_alias_is_passed_when_it_is_named():
    assert given(discovery(CODEX_KEY), only=["CODEX_API_KEY"])[0] == {"CODEX_API_KEY": "fake-openai"}


@pytest.mark.parametrize("name", ["ANTHROPIC_API_KEY", "NOPE"])
def test_a_name_that_nobody_has_is_not_found(name):
    with pytest.raises(NotFound) as caught:
        given(discovery(CLAUDE_LOGIN), only=[name])
    assert name in caught.value.message
    if name != "NOPE":
        assert "CLAUDE_CODE_OAUTH_TOKEN" in caught.value.remedy


def test_a_token_without_a_name_of_its_own_is_told_from_nothing_at_all():
    login = credential("openai", OAUTH, "codex", 300, "")
    with pytest.raises(NotFound, match="there is no key for OPENAI_API_KEY") as caught:
        given(discovery(login), only=["OPENAI_API_KEY"])
    assert "an OAuth token (codex), which is no API key" in caught.value.remedy


def test_names_that_no_shell_takes_and_values_with_nul_are_left_out():
    odd = credential("302ai", API_KEY, "opencode", 200, "302AI_API_KEY")
    cut = credential("groq", API_KEY, "opencode", 200, "GROQ_API_KEY", "a\0b")
    assert given(discovery(odd, cut))[0] == {}


def test_an_allowed_project_fills_its_variables():
    wanted = Project("/p", {"KEY": "OPENAI_API_KEY", "TOKEN": "CLAUDE_CODE_OAUTH_TOKEN", "DB": "my-db"}, "")
    got, remarks = given(discovery(CODEX_KEY, CLAUDE_LOGIN), project=wanted)
    assert got["KEY"] == "fake-openai"
    assert got["TOKEN"] == "fake-token"
    assert "DB" not in got
    assert remarks == ["DB is not set: there is no my-db on this machine or in the vault"]
    assert given(discovery(CODEX_KEY), project=wanted, only=["KEY"])[0] == {"KEY": "fake-openai"}
    assert given(discovery(CODEX_KEY), project=wanted, env={"DB": "set", "TOKEN": "set"})[1] == []


def test_a_project_cannot_ask_for_an_oauth_token_as_an_api_key():
    wanted = Project("/p", {"KEY": "ANTHROPIC_API_KEY"}, "")
    assert "KEY" not in given(discovery(CLAUDE_LOGIN), project=wanted)[0]
