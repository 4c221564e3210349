"""Commands in bad surroundings: one clear line, what to do next, and nothing lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

NEEDS_A_PLACE = (
    "auth extract --homedir x",
    "secret extract --homedir .",
    "doctor --homedir .",
    "workspace serve --data x",
    "up --once --homedir . --no-tray --local --yes",
    "run --homedir . -- true",
)


@pytest.fixture
def gone(tmp_path, home):
    """Run a command in a folder that is deleted before it starts."""

    def run(words: str) -> subprocess.CompletedProcess[str]:
        script = f'mkdir -p "$1"; cd "$1"; rmdir "$1"; exec "$0" -P -m amika_cli.main {words}'
        return subprocess.run(
            ["sh", "-c", script, sys.executable, str(tmp_path / "gone")],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("words", NEEDS_A_PLACE)
def test_a_relative_path_where_the_current_folder_is_gone(gone, words):
    ran = gone(words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "amika: the current directory does not exist any more",
        "  Go to another one (cd), or give the whole path.",
    ]


@pytest.mark.parametrize(
    ("words", "code", "said"), [("run -- true", 0, ""), ("run -- sh -c 'exit 7'", 7, ""), ("allow", 4, "or name its")]
)
def test_what_needs_no_folder_works_where_the_current_one_is_gone(gone, words, code, said):
    ran = gone(words)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr


@pytest.mark.parametrize("words", [["sh", "-c", "exit 7"], ["node", "--version-of"], ["--only", "A", "sh", "-c", "x"]])
def test_a_command_without_its_two_dashes_is_told_where_they_go(amika, words):
    ran = amika("run", *words)
    assert ran.code == 2
    assert ran.err.splitlines()[0] == "amika: the command to run goes behind two dashes"
    assert "-- COMMAND" in ran.err
    assert "unknown flag --onyl; did you mean --only?" in amika("run", "--onyl", "A").err
