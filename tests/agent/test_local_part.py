"""The agent's look at this machine: what it keeps from one look to the next."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.fakes.turned_clock import TurnedClock

from amika_agent.clock import SystemClock
from amika_agent.engine.local import AGAIN_WHEN_STUCK, LocalPart
from amika_agent.sync.journal import SyncDb
from amika_local import strict_json
from amika_local.deep_documents import DeepDocuments
from amika_local.errors import Failed
from amika_local.keychain import Keychain
from amika_shared.profile import resolve

ITEM = json.dumps({"claudeAiOauth": {"accessToken": "fake-of-the-keychain", "expiresAt": 4_070_908_800_000}}).encode()


@pytest.fixture
def db(home) -> Iterator[SyncDb]:
    opened = SyncDb(resolve(os.environ).sync_db, SystemClock())
    yield opened
    opened.close()


def test_the_keychain_is_asked_once_a_minute_however_often_the_files_are_looked_at(home, db):
    asked: list[list[str]] = []

    def security(command: list[str]) -> tuple[int, bytes]:
        asked.append(command)
        return 0, ITEM if command[-1] == "-w" else b"attributes"

    (home / ".claude.json").write_text(json.dumps({"primaryApiKey": "sk-ant-fake"}))
    part = LocalPart(resolve(os.environ), {"USER": "dev"}, SystemClock(), lambda: db, keychain=Keychain(security))
    for _ in range(3):
        _, facts = part.look()
        assert [c.source for c in facts.discovery.credentials] == ["claude-api", "claude-keychain"]
    assert len(asked) == 2, "the item's attributes, and its secret"


def test_who_asks_during_the_first_look_waits_for_it_instead_of_looking_again(home, db):
    (home / ".claude.json").write_text(json.dumps({"primaryApiKey": "sk-ant-fake"}))
    looked: list[int] = []
    under_way, go_on = threading.Event(), threading.Event()

    def opened() -> SyncDb:
        looked.append(1)
        under_way.set()
        assert go_on.wait(60)
        return db

    part = LocalPart(resolve(os.environ), {}, SystemClock(), opened)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(part.look)
        assert under_way.wait(60)
        others = [pool.submit(part.look, unless_known=True) for _ in range(4)]
        go_on.set()
        assert first.result(60)[0]
        for other in others:
            changed, facts = other.result(60)
            assert not changed
            assert [c.source for c in facts.discovery.credentials] == ["claude-api"]
    assert len(looked) == 1
    part.look()
    assert len(looked) == 2, "who wants to look looks"


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python's own parser reads 2,000 levels")
def test_a_deep_document_that_did_not_change_is_read_once(home, db):
    """Of 19 MiB, one reading takes half a minute of a processor."""
    read: list[str] = []
    deep = DeepDocuments(large=1000, read=lambda text: read.append(text) or strict_json.parse(text))
    document = f'{{"primaryApiKey": "sk-ant-fake", "x": {"[" * 2_000}{"]" * 2_000}}}'
    (home / ".claude.json").write_text(document)
    part = LocalPart(resolve(os.environ), {}, SystemClock(), lambda: db, deep=deep)

    def found() -> list[str]:
        _, facts = part.look()
        return [c.value.reveal() for c in facts.discovery.credentials]

    assert [found(), found(), found()] == [["sk-ant-fake"]] * 3
    assert len(read) == 1
    (home / ".claude.json").write_text(document.replace("sk-ant-fake", "sk-ant-next"))
    assert found() == ["sk-ant-next"]
    assert len(read) == 2


def test_what_could_not_be_written_is_tried_again_although_no_file_tells_when_it_can(home, db):
    """A full disk that is emptied changes none of the files that are watched."""
    (home / ".claude.json").write_text(json.dumps({"primaryApiKey": "sk-ant-fake"}))
    clock, profile = TurnedClock(), resolve(os.environ)
    part = LocalPart(profile, {}, clock, lambda: db)
    lock = Path(profile.env_cache).with_name("env-cache.lock")
    lock.mkdir(parents=True)
    _, facts = part.look()
    assert facts.env_cache.state == "problem"
    assert facts.due_at == clock.now() + AGAIN_WHEN_STUCK
    lock.rmdir()
    clock.turn(AGAIN_WHEN_STUCK)
    _, facts = part.look()
    assert facts.env_cache.state == "current"
    assert facts.due_at is None, "and then it is quiet"


def test_a_database_that_cannot_be_opened_is_tried_again(home):
    def refused() -> SyncDb:
        raise Failed("cannot write sync.db: No space left on device", remedy="Free some space.")

    clock = TurnedClock()
    _, facts = LocalPart(resolve(os.environ), {}, clock, refused).look()
    assert [problem.code for problem in facts.problems] == ["sync_db"]
    assert facts.due_at == clock.now() + AGAIN_WHEN_STUCK
