"""Processes that change the files of a hook at the same time, and files that are none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.agent.shell.hooked import SHELLS, Shell, key
from tests.agent.shell.killed import killed_before
from tests.fakes.turned_clock import TurnedClock

from amika_agent.shell import env_file, hook, rc_file
from amika_agent.shell.turns import PATIENCE, turn

ONE, TWO = key("GROQ_API_KEY", "fake-1"), key("GROQ_API_KEY", "fake-2")


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Shell:
    shell = Shell(request.param, tmp_path)
    shell.keys(ONE)
    return shell


# just before the env file is put into place another process removes the hook; it has the time that it needs
REMOVED = """
import subprocess, sys
from amika_agent.shell import env_file
from tests.agent.shell.test_turns import TWO
code = "import sys; from amika_agent.shell import folder, hook; hook.uninstall(folder.folder(sys.argv[1]), sys.argv[2])"
other = []
def before(event, words):
    if event == "os.rename" and not other:
        other.append(subprocess.Popen([sys.executable, "-c", code, *sys.argv[1:]], stderr=subprocess.PIPE))
        try:
            other[0].wait(timeout=2)
        except subprocess.TimeoutExpired:
            pass
sys.addaudithook(before)
assert env_file.update(sys.argv[1], [TWO]) == []
assert other[0].wait(timeout=60) == 0, other[0].stderr.read()
"""


def test_a_hook_that_is_removed_while_the_agent_writes_stays_removed(shell: Shell) -> None:
    subprocess.run([sys.executable, "-c", REMOVED, str(shell.folder), shell.name], check=True, timeout=120)
    assert os.listdir(shell.where.path) == [f"hook.{shell.name}"]


REMOVES = "assert hook.uninstall(folder.folder(sys.argv[1]), sys.argv[2])"


def test_a_kill_while_a_hook_is_removed_leaves_it_there_or_gone(shell: Shell) -> None:
    for step in range(20):
        hook.install(shell.where, shell.name)
        shell.keys(ONE)
        imports = "from amika_agent.shell import folder, hook"
        words = [str(shell.folder), shell.name]
        killed = killed_before(step, "os.remove os.utime", imports, REMOVES, *words)
        there = bool(shell.where.installed())
        assert shell.run(shell.source(), shell.shown("GROQ_API_KEY")) == ["fake-1" if there else "unset"]
        assert hook.uninstall(shell.where, shell.name) is there
        if not killed:
            assert step == 3  # the mark, the env file, the day that begins
            return
    pytest.fail("it never came to an end")


def test_who_hangs_is_not_waited_for(shell: Shell) -> None:
    clock = TurnedClock(1_800_000_000.0)
    began = clock.monotonic()
    with turn(shell.where, clock), turn(shell.where, clock):
        assert PATIENCE <= clock.monotonic() - began < PATIENCE + 1
    with turn(shell.where, clock):
        assert clock.monotonic() - began < PATIENCE + 1


def test_where_no_folder_is_nothing_is_waited_for_and_nothing_made(tmp_path: Path) -> None:
    with turn(hook.Folder(str(tmp_path / "none"))):
        assert os.listdir(tmp_path) == []


NO_FILE: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a link to a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("what", NO_FILE)
def test_whatever_is_there_instead_of_an_env_file_is_replaced_or_told(shell: Shell, what: str) -> None:
    path = Path(shell.where.env(shell.name))
    path.unlink()
    NO_FILE[what](path)
    assert not env_file.is_current(shell.where, shell.name, [TWO])
    problems = env_file.update(str(shell.folder), [TWO])
    if what == "a pipe":  # of our own, in a folder of our own
        assert (problems, env_file.is_current(shell.where, shell.name, [TWO])) == ([], True)
    else:
        assert [problem.path for problem in problems] == [str(path)]
        assert problems[0].remedy
    assert len(env_file.update(str(shell.folder), [TWO], paused=True)) == len(problems)


@pytest.mark.parametrize("what", NO_FILE)
def test_whatever_is_there_instead_of_a_hook_is_replaced_or_told(shell: Shell, what: str) -> None:
    path = Path(shell.where.hook(shell.name))
    path.unlink()
    NO_FILE[what](path)
    problems = hook.renew(shell.where, 1_800_000_000.0)
    if what == "a pipe":
        assert (problems, path.read_text()) == ([], hook.text(shell.where, shell.name))
    else:
        assert [problem.path for problem in problems] == [str(path)]
        assert "cannot be renewed" in problems[0].message
        assert "shell-init" in problems[0].remedy


def test_an_env_file_that_cannot_be_removed_is_told_with_what_to_do(shell: Shell) -> None:
    path = Path(shell.where.env(shell.name))
    path.unlink()
    path.mkdir()
    with pytest.raises(hook.Failed, match="Is a directory") as told:
        hook.uninstall(shell.where, shell.name)
    assert shell.where.path in told.value.remedy


def test_where_a_file_is_instead_of_the_folder_no_hook_is(tmp_path: Path) -> None:
    (tmp_path / "shell").touch()
    assert not hook.uninstall(hook.Folder(str(tmp_path / "shell")), "bash")


def test_a_login_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".profile")
    assert rc_file.login_file_without_rc("bash", str(tmp_path)) == ""
