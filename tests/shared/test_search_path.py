"""What is run, and handed values, never depends on the folder one happens to stand in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from amika_shared.search_path import absolute_only, find, forget_relative


@pytest.fixture
def proper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with the program, while the current one has another of that name."""
    for folder in ("bin", "project"):
        (tmp_path / folder).mkdir()
        program = tmp_path / folder / "some-tool"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.chdir(tmp_path / "project")
    return str(tmp_path / "bin")


def test_a_program_is_never_taken_from_the_current_folder(proper: str) -> None:
    for path in (f".:{proper}", f":{proper}", f"../project:{proper}", f"{proper}:."):
        assert find("some-tool", path) == f"{proper}/some-tool"
    for path in (".", "", ":", "../project"):
        assert find("some-tool", path) == ""
    assert find("another-tool", proper) == ""


def test_the_process_s_own_path_is_what_is_looked_at_unless_told(proper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f".:{proper}")
    assert find("some-tool") == f"{proper}/some-tool"
    monkeypatch.setenv("PATH", "../project")
    assert find("some-tool") == ""


def test_the_order_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    assert absolute_only("/b:.:/a::bin:/c") == "/b:/a:/c"
    monkeypatch.setenv("PATH", "node_modules/.bin:/b:/a")
    forget_relative()
    assert os.environ["PATH"] == "/b:/a"
