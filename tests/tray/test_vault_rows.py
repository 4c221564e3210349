"""Answers about the vault and the connections as rows, odd ones too."""

from __future__ import annotations

from typing import Any

import pytest

from amika_tray.vault_rows import connection_heads, connection_rows, vault_heads, vault_rows

VALUE = "not-a-real-value"


def test_only_names_and_places_become_cells() -> None:
    entry = {"key": "A_KEY", "scope": "tenant", "source": "keyring", "stored_at": 5.0, "value": VALUE}
    (row,) = vault_rows({"secrets": [entry]})
    assert row.cells[:3] == ("A_KEY", "the tenant", "keyring")
    assert row.sorts[3] == 5.0
    connection = {"name": "n", "kind": "cron", "vault_key": "A_KEY", "fields": {"token": VALUE}, "missing_keys": []}
    (other,) = connection_rows({"connections": [connection]})
    assert other.cells[:5] == ("n", "cron", "A_KEY", "", "ready")
    assert VALUE not in "".join((*row.cells, *other.cells))


def test_the_same_key_in_two_scopes_is_two_rows() -> None:
    rows = vault_rows({"secrets": [{"key": "A", "scope": "tenant"}, {"key": "A", "scope": "workspace"}]})
    assert len({row.key for row in rows}) == 2


@pytest.mark.parametrize("bad", [None, "x", 3, {"a": 1}, [None, 3, "x", []]])
def test_an_answer_that_is_no_list_of_objects_has_no_rows(bad: Any) -> None:
    assert vault_rows({"secrets": bad}) == []
    assert connection_rows({"connections": bad}) == []


@pytest.mark.parametrize("odd", [None, True, "x", [1], {"a": 1}, 1e300])
def test_odd_fields_are_left_out(odd: Any) -> None:
    (secret,) = vault_rows({"secrets": [{"key": [odd], "stored_at": odd}]})
    assert secret.cells == ("(no name)", "", "", "")
    assert len(secret.cells) == len(secret.sorts) == len(vault_heads())
    (connection,) = connection_rows({"connections": [{"missing_keys": {"odd": odd}, "created_at": odd}]})
    assert connection.cells == ("(no name)", "", "none", "", "unknown", "")
    assert len(connection.cells) == len(connection.sorts) == len(connection_heads())


def test_missing_keys_are_named_and_what_is_no_name_is_not() -> None:
    (row,) = connection_rows({"connections": [{"name": "n", "missing_keys": ["A", 3, "B"]}]})
    assert row.cells[4] == "missing in the vault: A, B"
