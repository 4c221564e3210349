"""The agent's look at this machine: what it keeps from one look to the next."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from amika_agent.clock import SystemClock
from amika_agent.engine.local import LocalPart
from amika_agent.sync.journal import SyncDb
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
