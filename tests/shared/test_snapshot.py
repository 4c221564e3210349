from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amika_shared.snapshot import STATES, empty_snapshot, read_snapshot

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=6),
    max_leaves=20,
)
NAMES = list(empty_snapshot())


@given(st.one_of(JSON, st.dictionaries(st.sampled_from(NAMES), JSON)))
def test_whatever_an_agent_sends_is_read_as_a_whole_snapshot(value: object) -> None:
    found = read_snapshot(value)
    assert set(found) == set(NAMES)
    assert found["state"] in STATES
    assert isinstance(found["generation"], int)
    for account in found["accounts"]:
        assert account["expires_at"] is None or math.isfinite(account["expires_at"])
    json.dumps(found, allow_nan=False)


@given(st.dictionaries(st.sampled_from(["id", "provider", "source", "path", "account", "sync", "expires_at"]), JSON))
def test_a_line_of_any_shape_is_a_whole_line(line: dict[str, object]) -> None:
    found = read_snapshot({"credentials": [line]})["credentials"][0]
    assert isinstance(found["id"], str)
    assert isinstance(found["sync"]["state"], str)


def test_reading_twice_changes_nothing() -> None:
    value = {
        "generation": 3,
        "state": "attention",
        "accounts": [{"service": "amika", "signed_in": True, "email": "a@example.com", "expires_at": 1.5}],
        "sign_in": {"state": "choose_organization", "organizations": [{"id": "o", "name": "Org"}]},
        "credentials": [{"id": "codex/openai", "used": True, "sync": {"state": "in_sync"}}],
        "problems": [{"code": "x", "message": "m"}],
        "new_in_a_later_agent": {"a": 1},
    }
    once = read_snapshot(value)
    assert read_snapshot(once) == once
    assert once["accounts"][0]["email"] == "a@example.com"
    assert once["sign_in"] is not None
    assert once["sign_in"]["organizations"] == [{"id": "o", "name": "Org"}]


def test_texts_lose_what_deceives() -> None:
    found = read_snapshot({"accounts": [{"email": "a\u202eb\x1b[31m@example.com\n"}]})
    assert found["accounts"][0]["email"] == "ab[31m@example.com "


@pytest.mark.parametrize("state", [None, "", "fine", 7, "IN_SYNC"])
def test_an_unknown_state_is_a_problem_not_all_is_well(state: object) -> None:
    assert read_snapshot({"state": state})["state"] == "problem"
