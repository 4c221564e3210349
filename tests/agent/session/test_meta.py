from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amika_agent.session.meta import MAX_BINDINGS, MAX_REVOKED, Meta, MetaFile


def test_kept_as_written(tmp_path):
    notes = MetaFile(str(tmp_path))
    meta = Meta(rt="a", sent_at=1.5, got="b", skew=-3.0, revoked_sids=["s"], bindings={"s": ["loopback", "loopback"]})
    notes.write(meta)
    assert notes.read() == meta


@pytest.mark.timeout(30)
def test_nobody_waits_for_the_writer_of_a_fifo(tmp_path):
    notes = MetaFile(str(tmp_path))
    os.mkfifo(notes.path)
    assert notes.read() == Meta()


def test_nothing_there_is_nothing_known(tmp_path):
    assert MetaFile(str(tmp_path)).read() == Meta()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"sent_at": "now", "got": 5, "rejected_lost": "yes", "unanswered": 1}',
        '{"revoked_sids": {"a": 1}, "bindings": []}',
        '{"bindings": {"a": ["x"], "b": "y", "c": [1, 2]}, "revoked_sids": [1, null]}',
        '{"sent_at": true, "skew": false}',
    ],
)
def test_damaged_notes_count_as_none(tmp_path, content):
    notes = MetaFile(str(tmp_path))
    with open(notes.path, "w", encoding="utf-8") as file:
        file.write(content)
    assert notes.read() == Meta()


def test_whole_numbers_are_times_too(tmp_path):
    notes = MetaFile(str(tmp_path))
    with open(notes.path, "w", encoding="utf-8") as file:
        json.dump({"sent_at": 5, "rt": "x"}, file)
    assert notes.read().sent("x")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=100))
def test_any_bytes(tmp_path, data):
    notes = MetaFile(str(tmp_path))
    with open(notes.path, "wb") as file:
        file.write(data)
    notes.read()


def test_lists_stay_short():
    meta = Meta()
    for number in range(200):
        meta.revoke(f"session_{number}")
        meta.bind(f"session_{number}", "a", "b")
    assert len(meta.revoked_sids) == MAX_REVOKED
    assert meta.revoked_sids[-1] == "session_199"
    assert len(meta.bindings) == MAX_BINDINGS
    assert "session_199" in meta.bindings
    meta.revoke("session_199")
    assert meta.revoked_sids.count("session_199") == 1


def test_the_names_of_organizations_are_kept_short_and_few():
    meta = Meta()
    for number in range(100):
        meta.name_organization(f"org_{number}", f" Name {number} ")
    meta.name_organization("org_99", None)
    meta.name_organization("", "nobody")
    meta.name_organization("org_99", "   ")
    assert len(meta.organizations) == 32
    assert meta.organizations["org_99"] == "Name 99"
    meta.name_organization("org_long", "x" * 10_000)
    assert len(meta.organizations["org_long"]) == 200
