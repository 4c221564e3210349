"""A file that is damaged, no file, or that another program writes at the same time."""

from __future__ import annotations

import json
import os
from itertools import count

import pytest
from tests.agent.sync.world import codex_key

from amika_agent.sync import env_cache
from amika_local.findings import Discovery


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
