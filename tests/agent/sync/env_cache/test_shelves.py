"""What stands on the two shelves, and that somebody's own entries stay as they are."""

from __future__ import annotations

import json

import pytest
from tests.agent.sync.env_cache.keys import key
from tests.agent.sync.world import START, claude, codex_key

from amika_agent.sync.env_shelf import provider_of
from amika_local.credential import Credential
from amika_local.secret import Secret


def test_both_shelves(world, path):
    result = world.run(claude("one"), codex_key("a"))
    assert (result.state, result.entries) == ("current", 2)
    assert sorted(result.changed) == ["CLAUDE_CODE_OAUTH_TOKEN", "OPENAI_API_KEY"]
    document = world.read()
    assert document["OPENAI_API_KEY"] == "sk-fake-a"
    assert sorted(document) == ["OPENAI_API_KEY", "_amika"]
    assert document["_amika"]["v"] == 1
    entry = document["_amika"]["env"]["CLAUDE_CODE_OAUTH_TOKEN"]
    assert (entry["value"], entry["source"], entry["kind"]) == ("sk-ant-oat01-fake-one", "claude-oauth", "oauth")
    assert entry["expires_at"].endswith("Z")
    assert document["_amika"]["env"]["OPENAI_API_KEY"]["expires_at"] is None


def test_the_file_is_private_and_the_folder_says_that_it_is_a_cache(world, path):
    world.run(codex_key("a"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert (path.parent / "CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d172789f06886806bc55")


@pytest.mark.parametrize(
    ("credential", "seen"),
    [
        (key("groq", "k", source="opencode", priority=200), False),
        (key("groq", "k", source="keychain", priority=280), False),
        (key("groq", "k", source="codex", priority=300), True),
        (key("kimi", "k", source="kimi", priority=40), True),
        (key("groq", "k", source="codex", priority=300, expires_at=START + 900), False),
        (claude("one"), False),
    ],
)
def test_other_readers_see_only_what_neither_expires_nor_is_outranked(world, credential, seen):
    world.run(credential)
    document = world.read()
    assert (credential.native_name in document) is seen
    assert credential.native_name in document["_amika"]["env"]


@pytest.mark.parametrize("theirs", ["OPENAI_API_KEY", "CODEX_API_KEY", "openai_api_key", "Codex_Api_Key"])
def test_no_second_top_level_entry_of_one_provider(world, theirs):
    world.write({theirs: "own"})
    world.run(codex_key("a"))
    document = world.read()
    assert document[theirs] == "own"
    assert [name for name in document if name != "_amika"] == [theirs]


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("claude_api_key", "anthropic"),
        ("CODEX_API_KEY", "openai"),
        ("A__B_API_KEY", "a-b"),
        ("GROQ", None),
        ("_API_KEY", None),
        ("opena\u0131_API_KEY", None),
    ],
)
def test_the_provider_another_reader_sees(name, provider):
    assert provider_of(name) == provider


def test_somebodys_own_entries_order_and_odd_values_stay_byte_for_byte(world, path):
    own = '{"GROQ_API_KEY": "own",\n "n": 1.50e+02, "deep": {"b":1,  "a":[1 ,2]}, "OPENAI_API_KEY":"stale"}'
    world.write(own)
    world.run(claude("one"), codex_key("a"))
    text = path.read_text()
    assert list(json.loads(text)) == ["GROQ_API_KEY", "n", "deep", "OPENAI_API_KEY", "_amika"]
    assert '"n": 1.50e+02' in text
    assert '{"b":1,  "a":[1 ,2]}' in text
    assert json.loads(text)["OPENAI_API_KEY"] == "stale"


def test_an_edited_derived_value_is_theirs_from_then_on(world):
    world.run(codex_key("a"))
    document = world.read()
    document["OPENAI_API_KEY"] = "edited"
    world.write(document)
    world.run(codex_key("b"))
    assert world.read() == {"OPENAI_API_KEY": "edited"}
    world.withdraw()
    assert world.read() == {"OPENAI_API_KEY": "edited"}


def test_an_entry_that_lost_its_mark_is_still_derived(world):
    world.run(codex_key("a"))
    world.write({"OPENAI_API_KEY": "sk-fake-a", "GROQ_API_KEY": "own"})
    world.run(codex_key("b"))
    assert world.read()["OPENAI_API_KEY"] == "sk-fake-b"
    world.write({"OPENAI_API_KEY": "sk-fake-b", "GROQ_API_KEY": "own"})
    world.run()
    assert world.read() == {"GROQ_API_KEY": "own"}


def test_a_winner_from_the_cache_is_never_derived(world):
    world.write({"GROQ_API_KEY": "own"})
    world.run(key("groq", "own", source="env-cache", priority=290))
    assert world.read() == {"GROQ_API_KEY": "own"}


def test_equal_content_is_not_touched(world, path):
    world.run(codex_key("a"))
    before = path.stat()
    assert world.run(codex_key("a")).changed == ()
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_generation_counts_writes(world):
    world.run(codex_key("a"))
    world.run(codex_key("b"))
    assert world.read()["_amika"]["generation"] == 2


def test_withdraw_keeps_what_is_not_ours(world, path):
    world.write({"GROQ_API_KEY": "own"})
    world.run(codex_key("a"), claude("one"))
    assert world.withdraw().state == "off"
    assert world.read() == {"GROQ_API_KEY": "own"}


def test_withdraw_removes_a_file_that_was_ours_alone(world, path):
    world.run(codex_key("a"))
    world.withdraw()
    assert not path.exists()
    assert world.withdraw().state == "off"


def test_dry_run_tells_and_writes_nothing(world, path):
    result = world.run(codex_key("a"), dry_run=True)
    assert result.changed == ("OPENAI_API_KEY",)
    assert not path.exists()


def test_values_are_in_no_text_of_the_result(world, clock):
    world.write('{"OPENAI_API_KEY": "sk-fake-secret"')
    clock.turn(6)
    result = world.run(codex_key("secret"))
    clock.turn(6)
    result = world.run(codex_key("secret"))
    assert "sk-fake-secret" not in repr(result)
    assert all("sk-fake" not in p.message + p.remedy for p in result.problems)


def test_names_that_are_no_variables_are_left_out(world):
    bad = Credential("a;b", "api_key", Secret("v"), "codex", "/x", 300, native_name="A;B_API_KEY")
    assert world.run(bad).entries == 0
