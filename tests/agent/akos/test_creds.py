from __future__ import annotations

import json

import pytest

from amika_agent.akos import providers
from amika_agent.akos.creds import INVALID, MISSING, OK, SKIPPED, Place, check, of_environment
from amika_agent.akos.providers import PROVIDERS, chosen, nearest_key, needing
from amika_local.errors import UsageError
from amika_local.secret import Secret

OPENAI = chosen([], ["openai"])
TEAMS = chosen([], ["teams"])


def place(name: str = "environment", **values: str) -> Place:
    return Place(name, {key: Secret(value) for key, value in values.items()})


def test_the_table_has_the_eleven_providers_with_unique_ids() -> None:
    assert len({p.id for p in PROVIDERS}) == len(PROVIDERS) == 11
    assert {p.kind for p in PROVIDERS} == set(providers.KINDS)
    assert [p.id for p in PROVIDERS if not p.cloud] == ["ollama", "lmstudio"]
    for provider in PROVIDERS:
        for key in provider.required_keys + provider.optional_keys:
            assert key == key.upper()
        assert provider.docs_url == "" or provider.docs_url.startswith("https://")


def test_json_has_the_field_names_that_scripts_know() -> None:
    assert PROVIDERS[0].as_json().keys() == {
        "id", "name", "kind", "requiredKeys", "optionalKeys", "cloud", "docsUrl"
    }  # fmt: skip
    assert "docsUrl" not in chosen([], ["marketplace"])[0].as_json()
    (found,) = check(OPENAI, [])
    assert found.as_json().keys() == {"providerId", "status", "missingKeys", "foundIn", "remediation"}


@pytest.mark.parametrize(
    ("kinds", "ids", "says"),
    [
        ([], ["opnai"], "did you mean openai?"),
        ([], ["OpenAI"], "did you mean openai?"),
        (["integrations"], [], "did you mean integration?"),
        ([], [""], "no such provider"),
    ],
)
def test_a_misspelt_provider_or_kind_is_a_usage_error(kinds: list[str], ids: list[str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(kinds, ids)
    assert says in caught.value.message
    assert caught.value.exit_code == 2


def test_kinds_and_ids_narrow_together() -> None:
    assert [p.id for p in chosen(["local"], [])] == ["ollama", "lmstudio"]
    assert chosen(["local"], ["openai"]) == []


@pytest.mark.parametrize("empty", ["", " ", "\n", "\t \n"])
def test_an_empty_value_is_missing_wherever_it_is(empty: str) -> None:
    (found,) = check(OPENAI, [place(OPENAI_API_KEY=empty), place("file", OPENAI_API_KEY=empty)])
    assert (found.status, found.missing, dict(found.found)) == (MISSING, ("OPENAI_API_KEY",), {})


def test_an_empty_one_does_not_hide_a_value_behind_it() -> None:
    (found,) = check(OPENAI, [place(OPENAI_API_KEY=""), place("file", OPENAI_API_KEY="sk-fake-0123456789")])
    assert (found.status, dict(found.found)) == (OK, {"OPENAI_API_KEY": "file"})


def test_all_required_keys_are_needed_and_optional_ones_only_told() -> None:
    (found,) = check(TEAMS, [place(TEAMS_APP_ID="fake")])
    assert (found.status, found.missing) == (MISSING, ("TEAMS_APP_PASSWORD",))
    assert "creds set TEAMS_APP_PASSWORD" in found.remediation
    (found,) = check(OPENAI, [place(OPENAI_API_KEY="fake", OPENAI_ORG_ID="org")])
    assert found.found == {"OPENAI_API_KEY": "environment", "OPENAI_ORG_ID": "environment"}


def test_the_vault_counts_by_name_alone() -> None:
    (found,) = check(OPENAI, [place(), Place("vault", holds=frozenset({"OPENAI_API_KEY"}))])
    assert (found.status, dict(found.found)) == (OK, {"OPENAI_API_KEY": "vault"})


@pytest.mark.parametrize(
    "value", ["your-key-here", "<key>", "CHANGEME", "xxxx", "${OPENAI}", "two\nlines", "a b", "schlüssel"]
)
def test_a_value_that_is_no_key_is_invalid_and_not_repeated(value: str) -> None:
    (found,) = check(OPENAI, [place(OPENAI_API_KEY=value)])
    assert (found.status, found.missing) == (INVALID, ("OPENAI_API_KEY",))
    assert value not in json.dumps(found.as_json(), ensure_ascii=False)


def test_an_oauth_token_is_no_api_key() -> None:
    (found,) = check(chosen([], ["anthropic"]), [place(ANTHROPIC_API_KEY="sk-ant-oat01-fake")])
    assert found.status == INVALID
    assert "OAuth" in found.remediation


def test_a_valid_value_elsewhere_outweighs_an_invalid_one() -> None:
    (found,) = check(OPENAI, [place(OPENAI_API_KEY="changeme"), place("file", OPENAI_API_KEY="sk-fake")])
    assert (found.status, dict(found.found)) == (OK, {"OPENAI_API_KEY": "file"})


def test_an_air_gap_skips_what_needs_the_network() -> None:
    found = check(PROVIDERS, [], air_gap=True)
    assert {c.status for c in found if c.provider.cloud} == {SKIPPED}
    assert {c.status for c in found if not c.provider.cloud} == {OK}


def test_the_prefixed_variable_counts_first() -> None:
    env = {"AGENTSKITOS_OPENAI_API_KEY": "own", "OPENAI_API_KEY": "bare", "AGENTSKITOS_GITHUB_TOKEN": ""}
    found = of_environment({**env, "GITHUB_TOKEN": "bare"}, "AGENTSKITOS_").values
    assert found["OPENAI_API_KEY"] == Secret("own")
    assert found["GITHUB_TOKEN"] == Secret("bare")
    assert of_environment(env, "").values["OPENAI_API_KEY"] == Secret("bare")


def test_who_needs_a_key_and_what_a_misspelt_one_means() -> None:
    assert [p.id for p in needing("SLACK_SIGNING_SECRET")] == ["slack"]
    assert nearest_key("OPENAI_API_KYE") == "OPENAI_API_KEY"
    assert nearest_key("DATABASE_PASSWORD") == ""
