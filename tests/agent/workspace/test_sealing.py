from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_agent.workspace.sealing import Sealer, UnsealError, open_sealer
from amika_agent.workspace.sqlite_storage import SqliteStorage
from amika_agent.workspace.storage import SealingKey

KEY = SealingKey("00" * 8, "file", 1.0)
SEALER = Sealer(KEY, b"k" * 32)


@given(st.binary(max_size=200), st.lists(st.text(max_size=20), max_size=4))
def test_a_value_opens_where_it_was_sealed(value: bytes, place: list[str]) -> None:
    assert SEALER.open(SEALER.seal(value, *place), *place) == value


@given(st.lists(st.text(max_size=6), max_size=4), st.lists(st.text(max_size=6), max_size=4))
def test_a_value_opens_nowhere_else(place: list[str], other: list[str]) -> None:
    if place == other:
        return
    with pytest.raises(UnsealError):
        SEALER.open(SEALER.seal(b"value", *place), *other)


def test_the_row_s_id_and_the_name_are_bound() -> None:
    sealed = SEALER.seal(b"value", "secret", "ab", "c")
    for place in (("secret", "a", "bc"), ("secret", "ab", "d"), ("answer", "ab", "c"), ("secret", "abc")):
        with pytest.raises(UnsealError):
            SEALER.open(sealed, *place)


def test_a_changed_byte_is_noticed() -> None:
    sealed = bytearray(SEALER.seal(b"value", "place"))
    for at in range(len(sealed)):
        sealed[at] ^= 1
        with pytest.raises(UnsealError):
            SEALER.open(bytes(sealed), "place")
        sealed[at] ^= 1
    for length in range(len(sealed)):
        with pytest.raises(UnsealError):
            SEALER.open(bytes(sealed[:length]), "place")


def test_the_same_value_never_looks_the_same() -> None:
    assert len({SEALER.seal(b"value", "place") for _ in range(50)}) == 50


def test_another_key_opens_nothing() -> None:
    for other in (Sealer(KEY, b"x" * 32), Sealer(SealingKey("11" * 8, "file", 1.0), b"k" * 32)):
        with pytest.raises(UnsealError):
            other.open(SEALER.seal(b"value"))


def test_without_a_keyring_the_key_is_a_private_file_that_is_used_again(tmp_path: Path) -> None:
    storage = SqliteStorage(str(tmp_path / "db"))
    sealed = open_sealer(storage, str(tmp_path), 1.0).seal(b"value", "place")
    again = open_sealer(storage, str(tmp_path), 2.0)
    assert again.open(sealed, "place") == b"value"
    assert again.store == "file"
    assert str(tmp_path / "keys") in again.note
    (file,) = (tmp_path / "keys").iterdir()
    assert os.stat(file).st_mode & 0o777 == 0o600
    storage.close()


@pytest.mark.parametrize("content", [None, "", "not base64!", "YWJj"])
def test_a_lost_or_damaged_key_file_is_replaced_by_a_new_key(tmp_path: Path, content: str | None) -> None:
    storage = SqliteStorage(str(tmp_path / "db"))
    sealed = open_sealer(storage, str(tmp_path), 1.0).seal(b"value", "place")
    (file,) = (tmp_path / "keys").iterdir()
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    new = open_sealer(storage, str(tmp_path), 2.0)
    with pytest.raises(UnsealError):
        new.open(sealed, "place")
    assert new.open(new.seal(b"value")) == b"value"
    assert len(storage.sealing_keys()) == 2
    storage.close()
