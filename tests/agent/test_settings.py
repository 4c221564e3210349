from __future__ import annotations

import os
from pathlib import Path

import pytest

from amika_agent.clock import SystemClock
from amika_agent.settings import load, store
from amika_local.errors import Failed, UsageError


@pytest.fixture
def path(home: Path) -> Path:
    folder = home / ".config" / "x"
    folder.mkdir(parents=True)
    return folder / "settings.toml"


def test_no_file_means_the_defaults(path: Path) -> None:
    settings = load(str(path), "local")
    assert settings.words("sync.auto_push") == ("claude", "codex")
    assert settings.on("env_cache.enabled")
    assert settings.text("agent.log_level") == "info"
    assert settings.problems == ()


@pytest.mark.parametrize(
    "content",
    [
        b"= 3",
        b"[sync\n",
        b"\xff\xfe\x00",
        b'[sync]\nauto_push = "sk-fake-0123456789\n',
        b"a = " + b"[" * 5000,
        b"#" * (1 << 20) + b"##",
    ],
)
def test_a_bad_file_gives_the_defaults_and_one_problem_without_its_content(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    settings = load(str(path), "default")
    assert settings.on("env_cache.enabled")
    (problem,) = settings.problems
    assert problem.code == "settings"
    assert str(path) in problem.message
    assert "repaired" in problem.remedy
    assert "config set" not in problem.remedy, "nothing can be set in such a file"
    assert "sk-fake" not in problem.message
    assert path.read_bytes() == content


def test_one_bad_or_unknown_setting_costs_one_setting(path: Path) -> None:
    path.write_text('[sync]\nauto_push = "claude"\nfuture = 1\n[env_cache]\nenabled = false\n')
    settings = load(str(path), "default")
    assert not settings.on("env_cache.enabled")
    assert settings.words("sync.auto_push") == ()
    assert len(settings.problems) == 2


def test_a_folder_or_a_fifo_in_its_place_is_a_problem_not_a_hang(path: Path) -> None:
    path.mkdir()
    assert load(str(path), "default").problems
    path.rmdir()
    os.mkfifo(path)
    assert load(str(path), "default").problems


def test_writing_keeps_comments_order_and_what_it_does_not_know(path: Path) -> None:
    path.write_text('# mine\n[sync]\n# why\nauto_push = ["codex"] # now\n\n[later]\nx = 1\n')
    store(str(path), "sync.auto_push", ["claude"], SystemClock())
    store(str(path), "env_cache.enabled", False, SystemClock())
    text = path.read_text()
    assert "# mine" in text
    assert "# why" in text
    assert "[later]\nx = 1" in text
    settings = load(str(path), "default")
    assert settings.words("sync.auto_push") == ("claude",)
    assert not settings.on("env_cache.enabled")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_new_file_is_made_with_its_folder(home: Path) -> None:
    path = home / "new" / "settings.toml"
    store(str(path), "agent.log_level", "debug", SystemClock())
    assert load(str(path), "default").text("agent.log_level") == "debug"


@pytest.mark.parametrize("content", ["= 3", "sync = 1\n"])
def test_a_bad_file_is_never_overwritten(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(Failed, match="left as it is"):
        store(str(path), "sync.auto_push", [], SystemClock())
    assert path.read_text() == content


def test_a_setting_that_is_none_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match="no setting"):
        store(str(path), "no.such", 1, SystemClock())
    with pytest.raises(UsageError, match="true or false"):
        store(str(path), "env_cache.enabled", "maybe", SystemClock())
    assert not path.exists()


def test_a_setting_without_a_table_stays_outside_of_the_tables(path: Path) -> None:
    path.write_text("# mine\n[sync]\nauto_push = []\n")
    store(str(path), "session_store", "keychain", SystemClock())
    settings = load(str(path), "default")
    assert settings.text("session_store") == "keychain"
    assert settings.problems == ()
