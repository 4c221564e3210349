from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_agent.workspace.identity import ensure_identity, local_part
from amika_agent.workspace.plain_text import has_controls, shown
from amika_agent.workspace.sqlite_storage import SqliteStorage


def test_the_identity_is_made_once_and_never_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = SqliteStorage(str(tmp_path / "db"))
    monkeypatch.setenv("LOGNAME", "ada")
    first = ensure_identity(storage)
    assert (first.email, first.first_name) == ("ada@localhost", "ada")
    assert [organization.name for organization in first.organizations] == ["Local workspace"]
    monkeypatch.setenv("LOGNAME", "grace")
    assert ensure_identity(storage) == first
    storage.close()
    other = SqliteStorage(str(tmp_path / "other"))
    assert ensure_identity(other).user_id != first.user_id
    other.close()


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("ada", "ada"),
        ("CORP\\ada.l", "CORP-ada.l"),
        ("ada@corp.example", "ada-corp.example"),
        ("Ada Lovelace", "AdaLovelace"),
        ("<b>'; DROP", "bDROP"),
        ("...", "user"),
        ("", "user"),
        ("日本", "user"),
        ("a" * 300, "a" * 64),
    ],
)
def test_an_os_user_becomes_the_first_part_of_an_address(user: str, expected: str) -> None:
    assert local_part(user) == expected


@given(st.text())
def test_any_os_user_gives_a_plain_address(user: str) -> None:
    part = local_part(user)
    assert 1 <= len(part) <= 64
    assert part.isascii()
    assert not set(part) & set(" @\\<>\"'&\n")


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_what_is_shown_is_one_short_line_without_surprises(text: str, limit: int) -> None:
    line = shown(text, limit)
    assert len(line) <= limit
    assert not has_controls(line)
    assert not set(line) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200f\ufeff")
    assert line == line.strip()
