from __future__ import annotations

import os
from pathlib import Path

import pytest

from amika_shared.effective import difference, effective
from amika_shared.profile import resolve


@pytest.mark.parametrize(
    "variable",
    [
        "CLAUDE_CONFIG_DIR",
        "CODEX_HOME",
        "XDG_CACHE_HOME",
        "AMIKA_STATE_DIRECTORY",
        "AMIKA_API_URL",
        "AMIKA_WORKOS_URL",
        "AMIKA_WORKOS_CLIENT_ID",
        "AMIKA_API_KEY",
    ],
)
def test_every_variable_that_changes_the_work_makes_a_difference(home: Path, variable: str) -> None:
    plain = dict(os.environ)
    moved = {**plain, variable: "/elsewhere"}
    ours, theirs = effective(resolve(plain), plain), effective(resolve(moved), moved)
    assert difference(ours, ours) == ""
    assert difference(ours, theirs) != ""


def test_the_default_named_in_full_makes_no_difference(home: Path) -> None:
    plain = dict(os.environ)
    named = {**plain, "CODEX_HOME": str(home / ".codex"), "CLAUDE_CONFIG_DIR": f"{home}/.claude/"}
    assert difference(effective(resolve(plain), plain), effective(resolve(named), named)) == ""


def test_an_api_key_is_told_only_as_set(home: Path) -> None:
    env = {**os.environ, "AMIKA_API_KEY": "fake-value-of-a-key"}
    assert "fake-value" not in str(effective(resolve(env), env))


def test_the_local_workspace_does_not_care_about_servers(home: Path) -> None:
    plain = dict(os.environ)
    moved = {**plain, "AMIKA_API_URL": "https://elsewhere.invalid"}
    profile = resolve(plain, local=True)
    assert difference(effective(profile, plain), effective(profile, moved)) == ""


def test_a_confined_home_ignores_what_moves_sources(home: Path, tmp_path: Path) -> None:
    plain = dict(os.environ)
    profile = resolve(plain, homedir=str(tmp_path))
    moved = {**plain, "CODEX_HOME": "/elsewhere"}
    assert difference(effective(profile, plain), effective(profile, moved)) == ""


@pytest.mark.parametrize("theirs", [None, 1, [], "x", {}])
def test_a_peer_that_does_not_say_is_different(home: Path, theirs: object) -> None:
    env = dict(os.environ)
    assert difference(effective(resolve(env), env), theirs) != ""
