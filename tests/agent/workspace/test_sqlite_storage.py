from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from amika_agent.workspace import storage as s
from amika_agent.workspace.sqlite_storage import SqliteStorage
from amika_local.errors import Failed

WHO = s.Identity("user_1", "ada@localhost", "ada", (s.Organization("org_1", "One"), s.Organization("org_2", "Two")))
CODE = s.DeviceCode("hash", "BBBB-BBBB", "client", "program", "machine", 1.0, 601.0, 1.0)
SESSION = s.Session("session_1", "user_1", "org_1", "client", "program", "machine", 2.0)
TOKEN = s.RefreshToken("token_1", "session_1", 2.0)
SECRET = s.StoredSecret("secret_1", s.GENERIC, "org_1", "user_1", s.USER, "NAME", "", None, b"sealed", 3.0, 3.0)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "workspace.db")


@pytest.fixture
def storage(path: str) -> Iterator[SqliteStorage]:
    opened = SqliteStorage(path)
    opened.set_identity(WHO)
    yield opened
    opened.close()


def signed_in(storage: SqliteStorage) -> None:
    storage.add_device_code(CODE)
    assert storage.decide(CODE.user_code, s.APPROVED)
    assert storage.redeem(CODE.code_hash, SESSION, TOKEN)


def test_what_is_stored_comes_back_after_reopening(storage: SqliteStorage, path: str) -> None:
    sandbox = s.Sandbox("box_1", "org_1", "user_1", "box", "https://example.org/a", None, {"A": "b"}, 4.0)
    storage.set_setting("id", b"\x00value")
    storage.add_sealing_key(s.SealingKey("k1", "file", 1.0))
    storage.add_sealing_key(s.SealingKey("k2", "keyring", 1.0))
    storage.add_secret(SECRET)
    storage.add_sandbox(sandbox)
    signed_in(storage)
    other = SqliteStorage(path)
    assert other.setting("id") == b"\x00value"
    assert other.setting("none") is None
    assert [key.id for key in other.sealing_keys()] == ["k2", "k1"]
    assert other.identity() == WHO
    assert other.secrets(s.GENERIC, "user_1", "org_1") == [SECRET]
    assert other.sandboxes("org_1") == [sandbox]
    assert other.session("session_1") == SESSION
    assert other.refresh_token("token_1") == TOKEN
    other.close()


def test_a_user_sees_own_and_organization_s_secrets_of_one_organization(storage: SqliteStorage) -> None:
    storage.add_secret(SECRET)
    storage.add_secret(replace(SECRET, id="shared", scope=s.ORG))
    storage.add_secret(replace(SECRET, id="elsewhere", org_id="org_2"))
    assert [x.id for x in storage.secrets(s.GENERIC, "user_1", "org_1")] == ["secret_1", "shared"]
    assert [x.id for x in storage.secrets(s.GENERIC, "user_2", "org_1")] == ["shared"]
    assert [x.id for x in storage.secrets("claude", "user_1", "org_1")] == []


@pytest.mark.parametrize(
    ("kind", "scope", "changes", "taken"),
    [
        (s.GENERIC, s.USER, {}, True),
        (s.GENERIC, s.ORG, {}, True),
        (s.GENERIC, s.ORG, {"name": "OTHER"}, False),
        (s.GENERIC, s.USER, {"org_id": "org_2"}, False),
        ("claude", s.USER, {}, True),
        ("claude", s.USER, {"name": "OTHER"}, False),
        ("claude", s.ORG, {"name": "OTHER"}, True),
        ("claude", s.ORG, {"org_id": "org_2"}, False),
    ],
)
def test_names_are_unique_where_the_api_says_so(
    storage: SqliteStorage, kind: str, scope: str, changes: dict[str, str], taken: bool
) -> None:
    first = replace(SECRET, kind=kind, scope=scope)
    storage.add_secret(first)
    second = replace(first, id="secret_2", **changes)  # every changed field is a text
    if taken:
        with pytest.raises(s.AlreadyExistsError):
            storage.add_secret(second)
    else:
        storage.add_secret(second)


def test_a_code_is_decided_once_and_redeemed_once(storage: SqliteStorage) -> None:
    storage.add_device_code(CODE)
    with pytest.raises(s.AlreadyExistsError):
        storage.add_device_code(replace(CODE, code_hash="other"))
    assert not storage.redeem(CODE.code_hash, SESSION, TOKEN)
    assert storage.decide(CODE.user_code, s.APPROVED)
    assert not storage.decide(CODE.user_code, s.DENIED)
    assert storage.redeem(CODE.code_hash, SESSION, TOKEN)
    assert not storage.redeem(CODE.code_hash, replace(SESSION, id="session_2"), replace(TOKEN, token_hash="t2"))
    assert storage.session("session_2") is None
    assert storage.count_pending(0.0) == 0


def test_a_token_is_exchanged_once(storage: SqliteStorage) -> None:
    signed_in(storage)
    used = replace(TOKEN, used_at=5.0, answer=b"sealed answer")
    next_one = s.RefreshToken("token_2", "session_1", 5.0)
    assert storage.rotate(used, next_one, "org_2")
    assert not storage.rotate(used, replace(next_one, token_hash="token_3"), "org_1")
    assert storage.refresh_token("token_3") is None
    assert storage.refresh_token("token_1") == used
    found = storage.session("session_1")
    assert found is not None
    assert found.org_id == "org_2"


def test_the_end_of_a_session_forgets_kept_answers_and_stops_rotation(storage: SqliteStorage) -> None:
    signed_in(storage)
    next_one = s.RefreshToken("token_2", "session_1", 5.0)
    storage.rotate(replace(TOKEN, used_at=5.0, answer=b"sealed answer"), next_one, "org_1")
    assert storage.end_session("session_1", 6.0, "logout")
    assert not storage.end_session("session_1", 7.0, "reuse")
    assert storage.sessions(5) == [replace(SESSION, ended_at=6.0, ended_because="logout")]
    kept = storage.refresh_token("token_1")
    assert kept is not None
    assert kept.answer == b""
    assert not storage.rotate(replace(next_one, used_at=8.0), s.RefreshToken("token_3", "session_1", 8.0), "org_1")


def test_sweeping_keeps_what_is_still_of_use(storage: SqliteStorage) -> None:
    signed_in(storage)
    storage.rotate(
        replace(TOKEN, used_at=100.0, answer=b"sealed answer"), s.RefreshToken("token_2", "session_1", 100.0), "org_1"
    )
    storage.sweep(130.0, 30.0)
    kept = storage.refresh_token("token_1")
    assert kept is not None
    assert kept.answer
    storage.sweep(130.5, 30.0)
    wiped = storage.refresh_token("token_1")
    assert wiped is not None
    assert (wiped.answer, wiped.used_at) == (b"", 100.0)  # its reuse is still recognised
    storage.sweep(601.0 + 25 * 3600, 30.0)
    assert storage.device_code("hash") is None
    assert storage.refresh_token("token_2") is not None


def test_a_step_that_fails_changes_nothing(storage: SqliteStorage) -> None:
    signed_in(storage)
    used = replace(TOKEN, used_at=5.0, answer=b"x")
    with pytest.raises(s.AlreadyExistsError):
        storage.rotate(used, TOKEN, "org_2")  # the successor exists already
    assert storage.refresh_token("token_1") == TOKEN
    assert storage.session("session_1") == SESSION
    with pytest.raises(s.StorageError):
        storage.add_secret(replace(SECRET, org_id="org_unknown"))
    storage.add_secret(SECRET)


def test_what_is_gone_is_said(storage: SqliteStorage) -> None:
    assert not storage.replace_value("none", b"", 1.0)
    assert not storage.delete_secret("none")
    assert not storage.delete_sandbox("none")
    assert not storage.end_session("none", 1.0, "logout")
    assert storage.device_code("none") is None
    assert storage.device_code_by_user_code("none") is None


def another_program(path: str) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE notes (text)")
    database.close()


def a_newer_version(path: str) -> None:
    SqliteStorage(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


def damaged(path: str) -> None:
    opened = SqliteStorage(path)
    opened.set_identity(WHO)
    opened.close()
    with open(path, "r+b") as file:
        file.seek(5000)
        file.write(b"\xff" * 20_000)


def text(path: str) -> None:
    Path(path).write_text("notes " * 1000)


def a_folder(path: str) -> None:
    os.mkdir(path)


def a_link(path: str) -> None:
    Path(f"{path}.target").touch()
    os.symlink(f"{path}.target", path)


@pytest.mark.parametrize("make", [another_program, a_newer_version, damaged, text, a_folder, a_link])
def test_a_file_that_is_not_ours_is_named_and_left_as_it_was(path: str, make: object) -> None:
    assert callable(make)
    make(path)
    before = Path(path).read_bytes() if os.path.isfile(path) else b""
    with pytest.raises(Failed) as caught:
        SqliteStorage(path)
    assert path in caught.value.message
    assert caught.value.remedy
    assert (Path(path).read_bytes() if os.path.isfile(path) else b"") == before


def test_commits_are_flushed_to_the_disk(storage: SqliteStorage) -> None:
    full = 2
    assert storage._database.execute("PRAGMA synchronous").fetchone() == (full,)
    assert storage._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
