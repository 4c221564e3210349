"""The README tells the truth: its commands run, in its order, in an empty home; its table is the command table."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.guards import processes_below
from tests.house.repository import ROOT

from amika_cli.main import COMMANDS

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# shown to people, proved elsewhere: cloning by tests/house/fresh_clone.sh, the make targets by test_make.py
ELSEWHERE = re.compile(r"(git clone|cd|make|\.ci/run)\b")
ROW = re.compile(r"^\| (`amika [^`]*`(?:, `amika [^`]*`)*) \|", re.MULTILINE)


def lines_of(block: str) -> list[str]:
    return [line for line in block.splitlines() if line and not line.startswith("#") and not ELSEWHERE.match(line)]


@pytest.mark.process
def test_the_commands_run_in_their_order(home: Path, tmp_path: Path) -> None:
    script = [line for block in BLOCK.findall(README) for line in lines_of(block)]
    assert script, "the README shows commands in ```sh blocks"
    (tmp_path / ".venv").symlink_to(sys.prefix)
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(["set -v", *script])],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
    finally:
        for pid in processes_below(home):  # what `amika up` leaves running on purpose
            os.kill(pid, signal.SIGTERM)
    assert done.returncode == 0, done.stderr[-2000:]


def test_make_commands_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)", "\n".join(BLOCK.findall(README)))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def _exists(words: str) -> bool:
    name = " ".join(word for word in words.split() if re.fullmatch(r"[a-z-]+", word))
    while name and name not in COMMANDS:
        name = name.rpartition(" ")[0]
    return bool(name) and importlib.util.find_spec("amika_cli.commands." + COMMANDS[name][0]) is not None


def test_every_command_in_its_table_is_there() -> None:
    rows = ROW.findall(README)
    assert rows
    named = [words for row in rows for words in _commands(row)]
    assert [words for words in named if not _exists(words)] == []


def _commands(row: str) -> list[str]:
    """`agent start|stop` names two commands, and so do two pairs of backticks."""
    found = []
    for words in re.findall(r"`amika ([^`]*)`", row):
        first, *others = words.replace("\\|", "|").split("|")
        stem = first.rpartition(" ")[0]
        found += [first, *(f"{stem} {other}" for other in others)]
    return found


def test_its_table_is_complete() -> None:
    named = {words for row in ROW.findall(README) for words in _commands(row)}
    assert set(COMMANDS) - named == set()
