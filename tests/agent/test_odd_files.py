"""A pipe where one of our own small files should be: nobody writes into it, and nobody may wait for that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amika_agent.accounts.api_key import check_origin
from amika_agent.accounts.flow_record import FlowRecord, Progress
from amika_agent.clock import SystemClock
from amika_agent.endpoints import Endpoints
from amika_agent.session.keychain import Pointer
from amika_agent.session.store import FileStore
from amika_agent.sync.sealed import SealedValues
from amika_agent.workspace.in_use import Use
from amika_local.errors import Failed
from amika_local.secret import Secret
from amika_local.session_file import StoredSession, parse_session

HERE = Endpoints("http://127.0.0.1:1", "http://127.0.0.1:1", "client")
SESSION = b'{"access_token": "fake-access", "refresh_token": "fake-refresh", "email": "dev@example.com"}'


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path)


def pipe(folder: str, name: str) -> None:
    os.mkfifo(os.path.join(folder, name))


def session() -> StoredSession:
    found = parse_session(SESSION, "workos-session.json")
    assert found is not None
    return found


def test_beside_a_session(folder: str) -> None:
    pipe(folder, ".session.next")
    store = FileStore(folder)
    assert store.staged(session()) is None
    with pytest.raises(Failed, match=r"cannot write .*\.session\.next"):
        store.reserve(session())
    store.delete()
    assert os.listdir(folder) == []


def test_as_the_pointer_to_a_keyring(folder: str) -> None:
    pipe(folder, ".session.store")
    assert Pointer(folder).read() == {}


def test_as_the_record_of_a_sign_in(folder: str) -> None:
    pipe(folder, ".sign-in.json")
    assert FlowRecord(folder, HERE, SystemClock()).read() == Progress()


def test_as_an_api_key_and_as_the_note_of_its_server(folder: str) -> None:
    pipe(folder, "api-key.json")
    check_origin(folder, HERE)
    os.unlink(os.path.join(folder, "api-key.json"))
    Path(folder, "api-key.json").write_text('{"key": "fake-key"}')
    pipe(folder, ".api-key.origin")
    check_origin(folder, HERE)


def test_as_a_sealed_value(folder: str) -> None:
    values = SealedValues(folder)
    values.put("one", "owner", Secret("fake-value"))
    pipe(folder, "two.sealed")
    assert values.get("two", "owner") is None
    assert values.get("one", "owner") == Secret("fake-value")


def test_as_the_mark_of_a_workspace_in_use(folder: str) -> None:
    pipe(folder, "in-use.lock")
    with pytest.raises(Failed, match="is not a regular file"):
        Use(folder, SystemClock())
