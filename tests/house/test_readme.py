"""The README tells the truth: its commands run, in its order, in an empty home; its tables are those of the code."""

from __future__ import annotations

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
from amika_local.errors import AmikaError
from amika_shared.profile import resolve

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# shown to people, proved elsewhere: the make targets by test_make.py, and by tests/house/fresh_clone.sh
ELSEWHERE = re.compile(r"make\b")
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


def _commands(row: str) -> list[str]:
    """`agent start|stop` names two commands, and so do two pairs of backticks."""
    found = []
    for words in re.findall(r"`amika ([^`]*)`", row):
        first, *others = words.replace("\\|", "|").split("|")
        stem = first.rpartition(" ")[0]
        found += [first, *(f"{stem} {other}" for other in others)]
    return found


def test_its_table_of_commands_is_the_command_line() -> None:
    assert {words for row in ROW.findall(README) for words in _commands(row)} == set(COMMANDS)


def test_its_table_of_exit_codes_has_every_error() -> None:
    def codes(error: type[AmikaError]) -> set[int]:
        return {error.exit_code}.union(*map(codes, error.__subclasses__()))

    done, interrupted = 0, 130
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)] == [
        done,
        *sorted(codes(AmikaError)),
        interrupted,
    ]


def test_things_lie_where_it_says(home: Path) -> None:
    own, local = resolve(os.environ), resolve(os.environ, local=True)
    places = [
        own.settings_file,
        f"{own.data_dir}/",
        f"{own.state_dir}/",
        f"{own.amika_state_dir}/",
        own.env_cache,
    ]
    assert [place for place in places if f"`{place.replace(str(home), '~')}`" not in README] == []
    assert f"`{own.runtime_dir.replace(os.environ['XDG_RUNTIME_DIR'], '$XDG_RUNTIME_DIR')}/`" in README
    for folder in ("config_dir", "data_dir", "state_dir", "runtime_dir"):
        assert getattr(local, folder) == getattr(own, folder).removesuffix("default") + "local"
    assert local.amika_state_dir.startswith(local.data_dir)
    assert local.env_cache == own.env_cache
