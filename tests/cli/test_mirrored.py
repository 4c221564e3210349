"""Entries of the env cache that the agent wrote and another program stripped of their marks."""

from __future__ import annotations

import os

import pytest
from tests.fakes.homes import amika, fill

from amika_agent.clock import SystemClock
from amika_agent.sync.journal import SyncDb
from amika_cli.mirrored import Ledgers, ledger_paths
from amika_shared.profile import resolve

CACHE = ".cache/amika/env-cache.json"


def remember(local: bool, *entries: tuple[str, str]) -> str:
    path = resolve(os.environ, local=local).sync_db
    db = SyncDb(path, SystemClock())
    db.put_mirrored(list(entries))
    db.close()
    return path


def test_the_ledgers_are_where_the_profiles_keep_them():
    assert ledger_paths(os.environ) == [resolve(os.environ, local=local).sync_db for local in (False, True)]


def test_the_default_place_is_the_same_too(monkeypatch):
    for value in (None, "", " "):
        monkeypatch.delenv("XDG_DATA_HOME", raising=False)
        if value is not None:
            monkeypatch.setenv("XDG_DATA_HOME", value)
        assert ledger_paths(os.environ) == [resolve(os.environ, local=local).sync_db for local in (False, True)]


@pytest.mark.parametrize("local", [False, True])
def test_a_copy_without_a_mark_is_known_and_an_own_entry_is_not(home, local):
    remember(local, ("GROQ_API_KEY", "fake-copy"))
    asked = Ledgers(os.environ)
    assert asked("GROQ_API_KEY", "fake-copy")
    assert not asked("GROQ_API_KEY", "fake-own")
    assert not asked("XAI_API_KEY", "fake-copy")
    fill(home, {CACHE: {"GROQ_API_KEY": "fake-copy", "XAI_API_KEY": "fake-own"}})
    assert amika("auth", "extract").text == "XAI_API_KEY='fake-own'\n"
    assert "derived from another source" in amika("auth", "extract", "--explain").text


def test_a_ledger_that_cannot_be_read_remembers_nothing(home):
    path = remember(False, ("GROQ_API_KEY", "fake"))
    fill(home, {CACHE: {"GROQ_API_KEY": "fake"}})
    with open(path, "wb") as file:
        file.write(b"no database" * 1000)
    for name in (path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.unlink(name)
    assert amika("auth", "extract").text == "GROQ_API_KEY='fake'\n"
    os.unlink(path + ".key")
    assert not Ledgers(os.environ)("GROQ_API_KEY", "fake")


def test_asking_writes_nothing(home):
    path = remember(False, ("GROQ_API_KEY", "fake"))
    before = {name: os.stat(os.path.join(os.path.dirname(path), name)).st_mtime_ns for name in listing(path)}
    assert Ledgers(os.environ)("GROQ_API_KEY", "fake")
    after = {name: os.stat(os.path.join(os.path.dirname(path), name)).st_mtime_ns for name in before}
    assert before == after


def test_without_ledgers_nothing_is_made(home):
    assert not Ledgers(os.environ)("GROQ_API_KEY", "fake")
    assert not os.path.exists(os.path.dirname(ledger_paths(os.environ)[0]))


def listing(path: str) -> list[str]:
    return [name for name in os.listdir(os.path.dirname(path)) if not name.endswith(("-wal", "-shm"))]
