"""When an entry goes with its source, and when it stays because nothing was said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.agent.sync.env_cache.keys import key
from tests.agent.sync.world import START, claude, codex_key
from tests.fakes.discoveries import discovery

from amika_agent.sync import env_cache
from amika_local.credential import Credential, Problem
from amika_local.secret import Secret


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


def test_paused_only_removes_what_its_owner_has_revoked(world, tmp_path):
    source = tmp_path / "auth.json"
    source.write_text("{}")
    world.run(codex_key("a", path=str(source)), claude("one"))
    paused = world.run(codex_key("b", path=str(source)), claude("one"), key("groq", "new"), paused=True)
    assert (paused.state, paused.changed) == ("behind", ())
    world.run(claude("one"), paused=True)
    assert sorted(world.read()["_amika"]["env"]) == ["CLAUDE_CODE_OAUTH_TOKEN"]


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


@pytest.mark.skipif(sys.platform != "linux", reason="names there are text")
def test_a_folder_whose_name_is_no_text_is_one_like_others(machine, tmp_path, clock):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/odd-\xff")
    os.makedirs(os.path.join(folder, "amika"))
    cache, source = os.path.join(folder, "amika", "env-cache.json"), os.path.join(folder, "auth.json")
    absent = discovery(files={("codex", source): "absent"})
    assert env_cache.reconcile(cache, discovery(codex_key("a", path=source)), machine.db, clock).entries == 1
    assert env_cache.reconcile(cache, absent, machine.db, clock).entries == 1
    clock.turn(6)
    assert env_cache.reconcile(cache, absent, machine.db, clock).entries == 0
    Path(cache).write_text("{torn")
    assert env_cache.reconcile(cache, absent, machine.db, clock).due_at == clock.now() + 5
