"""The env cache: two shelves, derived from the sources, somebody's own entries untouched."""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from tests.agent.sync.world import START, claude, codex_key
from tests.fakes.discoveries import discovery

from amika_agent.sync import env_cache
from amika_agent.sync.env_shelf import provider_of
from amika_local.credential import Credential, Problem
from amika_local.findings import Discovery
from amika_local.secret import Secret


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cache" / "amika" / "env-cache.json"


@pytest.fixture
def world(machine, path, clock):
    class World:
        places: ClassVar[set] = set()

        def run(self, *credentials, problems=(), **options):
            self.places |= {(c.source, c.path) for c in credentials}
            files = {place: "ok" if os.path.exists(place[1]) else "absent" for place in self.places}
            found = discovery(*credentials, problems=tuple(problems))
            found.files = {**files, **found.files}
            return env_cache.reconcile(str(path), found, machine.db, clock, **options)

        def read(self):
            return json.loads(path.read_bytes())

        def write(self, document):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document if isinstance(document, str) else json.dumps(document))

        def withdraw(self):
            return env_cache.withdraw(str(path), machine.db, clock)

    return World()


def key(provider, value, source="opencode", priority=200, path="/x/auth.json", expires_at=None):
    name = provider.upper().replace("-", "_") + "_API_KEY"
    return Credential(
        provider, "api_key", Secret(value), source, path, priority, native_name=name, expires_at=expires_at
    )  # fmt: skip


# rules 1 and 2: the shelves


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


# rules 3, 4, 5: whose entry is it


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


# rule 7: when an entry goes


def test_well_formed_without_it_takes_the_entry_away(world, tmp_path):
    source = tmp_path / "auth.json"
    source.write_text("{}")
    world.run(codex_key("a", path=str(source)))
    result = world.run()
    assert result.changed == ("OPENAI_API_KEY",)
    assert result.entries == 0


def test_a_missing_file_takes_it_away_after_five_seconds(world, tmp_path, clock, path):
    source = tmp_path / "auth.json"
    world.run(codex_key("a", path=str(source)))
    result = world.run()
    assert (result.entries, result.due_at) == (1, clock.now() + 5)
    clock.turn(4.9)
    assert world.run().entries == 1
    clock.turn(0.2)
    assert world.run().entries == 0
    assert not path.exists()


def test_a_file_that_comes_back_in_time_starts_the_wait_anew(world, tmp_path, clock):
    source = str(tmp_path / "auth.json")
    world.run(codex_key("a", path=source))
    world.run()
    clock.turn(4)
    world.run(codex_key("a", path=source))
    world.run()
    clock.turn(4)
    assert world.run().entries == 1


def test_a_missing_directory_says_nothing(world, tmp_path, clock):
    world.run(codex_key("a", path=str(tmp_path / "gone" / "auth.json")))
    for _ in range(3):
        clock.turn(60)
        assert world.run().entries == 1


def test_absence_says_nothing_while_the_owner_keeps_its_login_in_a_keyring(machine, path, clock):
    found = discovery(codex_key("a"))
    env_cache.reconcile(str(path), found, machine.db, clock)
    clock.turn(60)
    elsewhere = discovery(files={("codex", "/home/ada/.codex/auth.json"): "elsewhere"})
    assert env_cache.reconcile(str(path), elsewhere, machine.db, clock).entries == 1


def test_a_source_that_is_switched_off_takes_its_entry_along(machine, path, clock):
    env_cache.reconcile(str(path), discovery(codex_key("a")), machine.db, clock)
    assert env_cache.reconcile(str(path), discovery(), machine.db, clock).entries == 0


@pytest.mark.parametrize("code", ["malformed", "unreadable", "too_large", "not_a_file"])
def test_the_last_good_value_stays_while_its_source_is_broken(world, tmp_path, clock, code):
    source = str(tmp_path / "auth.json")
    world.run(codex_key("a", path=source))
    clock.turn(600)
    problem = Problem(code, "it is broken", source="codex", path=source)
    lower = key("openai", "lower", source="opencode", priority=200)
    result = world.run(lower, problems=[problem])
    assert (result.entries, result.changed) == (1, ())


def test_the_last_good_value_goes_when_it_expires(world, clock):
    world.run(claude("one", expires_at=START + 100))
    broken = Problem("malformed", "it is broken", source="claude-oauth", path="/home/ada/.claude/.credentials.json")
    assert world.run(problems=[broken]).due_at == START + 100
    clock.turn(100)
    assert world.run(problems=[broken]).entries == 0


def test_a_blank_record_takes_it_away(world):
    world.run(claude("one"))
    blank = Problem("blank", "signed out", source="claude-oauth", path="/home/ada/.claude/.credentials.json")
    assert world.run(problems=[blank]).entries == 0


def test_a_higher_winner_replaces_the_last_good_value(world, tmp_path):
    source = str(tmp_path / "auth.json")
    world.run(codex_key("a", path=source))
    broken = Problem("malformed", "it is broken", source="codex", path=source)
    higher = key("openai", "higher", source="new-tool", priority=900)
    world.run(higher, problems=[broken])
    assert world.read()["OPENAI_API_KEY"] == "higher"


def test_a_name_that_has_moved_to_another_provider_stays_when_the_first_ones_last_good_value_goes(world, tmp_path):
    source, name = str(tmp_path / "auth.json"), "SHARED_API_KEY"
    world.run(Credential("one", "api_key", Secret("fake-1"), "codex", source, 300, native_name=name))
    broken = Problem("malformed", "it is broken", source="codex", path=source)
    moved = Credential("two", "api_key", Secret("fake-2"), "new-tool", "/x/new.json", 900, native_name=name)
    world.run(moved, key("one", "fake-3", source="new-tool", priority=900), problems=[broken])
    shelf = world.read()["_amika"]["env"]
    assert {name: entry["value"] for name, entry in shelf.items()} == {name: "fake-2", "ONE_API_KEY": "fake-3"}


# rule 8: the write


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


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": NaN}', '{"a": 1,}', '{"a" 1}', "{} x", '{"a":1 "b":2}'])
def test_a_malformed_file_is_waited_for_then_named_and_never_rewritten(world, path, clock, text):
    world.write(text)
    first = world.run(codex_key("a"))
    assert (first.state, first.problems, first.due_at) == ("behind", (), clock.now() + 5)
    clock.turn(6)
    result = world.run(codex_key("a"))
    assert result.state == "problem"
    (problem,) = result.problems
    assert problem.code == "malformed"
    assert problem.remedy
    assert path.read_text() == text


def test_bad_utf8_and_endless_nesting_are_malformed(world, path, clock):
    for data in (b'{"a": "\xff"}', b'{"a":' + b"[" * 100_000):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        world.run(codex_key("a"))
        clock.turn(6)
        assert world.run(codex_key("a")).state == "problem"
        assert path.read_bytes() == data


def test_a_repaired_file_is_used_at_once(world, clock):
    world.write("{")
    world.run(codex_key("a"))
    world.write("{}")
    assert world.run(codex_key("a")).state == "current"


def test_a_symlink_is_refused_and_its_target_kept(world, path, tmp_path):
    target = tmp_path / "elsewhere.json"
    target.write_text("{}")
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    result = world.run(codex_key("a"))
    assert result.state == "problem"
    assert "symbolic link" in result.problems[0].message
    assert target.read_text() == "{}"


def test_a_fifo_is_refused(world, path):
    path.parent.mkdir(parents=True)
    os.mkfifo(path)
    assert world.run(codex_key("a")).state == "problem"


def test_a_folder_that_cannot_be_made_is_a_problem(world, path):
    path.parent.parent.mkdir()
    path.parent.write_text("in the way")
    result = world.run(codex_key("a"))
    assert result.state == "problem"
    assert result.problems[0].remedy


class Interrupting(Discovery):
    """One key was found; `before` is called whenever the winners are asked for."""

    def __init__(self, before):
        self.before = before
        super().__init__()
        self.credentials = [codex_key("a")]

    @property
    def winners(self):
        self.before()
        return {"openai": codex_key("a")}

    @winners.setter
    def winners(self, _):
        pass


def test_a_writer_between_our_read_and_our_rename_is_not_lost(machine, path, clock):
    left = ["own-3", "own-2", "own-1"]

    def another_writes():
        if left:
            path.write_text(json.dumps({"GROQ_API_KEY": left.pop()}))

    path.parent.mkdir(parents=True)
    path.write_text("{}")
    env_cache.reconcile(str(path), Interrupting(another_writes), machine.db, clock)
    document = json.loads(path.read_text())
    assert document["GROQ_API_KEY"] == "own-3"
    assert document["OPENAI_API_KEY"] == "sk-fake-a"


def test_a_writer_that_never_rests_leaves_us_behind(machine, path, clock):
    others = count(1)

    def another_writes():
        path.write_text(json.dumps({"GROQ_API_KEY": f"own-{next(others)}"}))

    path.parent.mkdir(parents=True)
    result = env_cache.reconcile(str(path), Interrupting(another_writes), machine.db, clock)
    assert result.state == "behind"
    assert [p.name for p in path.parent.iterdir() if ".tmp" in p.name] == []


# rule 9, dry run


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


def test_paused_only_removes_what_its_owner_has_revoked(world, tmp_path):
    source = tmp_path / "auth.json"
    source.write_text("{}")
    world.run(codex_key("a", path=str(source)), claude("one"))
    paused = world.run(codex_key("b", path=str(source)), claude("one"), key("groq", "new"), paused=True)
    assert (paused.state, paused.changed) == ("behind", ())
    world.run(claude("one"), paused=True)
    assert sorted(world.read()["_amika"]["env"]) == ["CLAUDE_CODE_OAUTH_TOKEN"]


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


def test_a_symlink_to_a_disk_that_is_not_mounted_is_no_logout(world, clock, tmp_path):
    place = tmp_path / "auth.json"
    place.symlink_to(tmp_path / "not-mounted" / "auth.json")
    world.run(codex_key("a", str(place)))
    for _ in range(3):
        clock.turn(60)
        assert world.run().entries == 1
    (tmp_path / "not-mounted").mkdir()
    world.run()
    clock.turn(6)
    assert world.run().entries == 0


def test_an_end_within_a_second_is_no_reason_to_look_again_and_again(world, clock):
    result = world.run(claude("one", expires_at=clock.now() + 10.9))
    assert result.due_at == int(clock.now() + 10.9)
    clock.turn(result.due_at - clock.now())
    result = world.run(claude("one", expires_at=clock.now() + 0.9))
    assert (result.entries, result.due_at) == (0, None)
