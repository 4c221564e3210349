"""Who is given values: a program that the system says is our tray."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from amika_agent.activity.caller import PS, from_ps
from amika_agent.server.asker import is_our_tray, runs

WAIT = "import sys; print('up', flush=True); sys.stdin.read()\n"


@contextmanager
def running(*command: str, cwd: str | None = None) -> Iterator[int]:
    with subprocess.Popen(command, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process.pid
        process.stdin.close()


@pytest.fixture
def tray(tmp_path: Path) -> str:
    script = tmp_path / "with space" / "amika-tray"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n{WAIT}")
    script.chmod(0o700)
    return str(script)


def test_a_script_is_known_by_its_path_however_it_was_started(tray: str) -> None:
    with running(tray, "--hidden") as pid:
        assert runs(pid, tray)
    with running("./amika-tray", cwd=os.path.dirname(tray)) as pid:
        assert runs(pid, tray)
    link = f"{tray}-link"
    os.symlink(tray, link)
    with running(link) as pid:
        assert runs(pid, tray)


def test_a_script_is_known_behind_the_flags_that_our_own_programs_give_the_interpreter(tray: str) -> None:
    for flags in (("-E", "-P"), ("-IS",)):
        with running(sys.executable, *flags, tray, "--local") as pid:
            assert runs(pid, tray)


def test_a_program_of_its_own_is_known_by_what_the_system_runs(tmp_path: Path) -> None:
    bundled = tmp_path / "amika-tray"
    shutil.copy("/bin/cat", bundled)
    with subprocess.Popen([str(bundled)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"up\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"up\n"  # it has become that program by now
        assert runs(process.pid, str(bundled))
        assert not runs(process.pid, "/bin/cat")
        process.stdin.close()


def test_a_program_that_only_names_the_tray_in_its_arguments_is_another(tray: str) -> None:
    for command in (
        (sys.executable, "-c", WAIT, tray),
        (sys.executable, "-u", "-c", WAIT, tray),
        (sys.executable, "-E", "-P", "-c", WAIT, tray),
        ("/bin/sh", "-c", "echo up; read -r line; :", tray),
    ):
        with running(*command) as pid:
            assert not runs(pid, tray), command


def test_one_of_the_same_name_elsewhere_is_another(tray: str, tmp_path: Path) -> None:
    with running(tray) as pid:
        assert not runs(pid, str(tmp_path / "amika-tray"))
        (tmp_path / "amika-tray").write_text("")
        assert not runs(pid, str(tmp_path / "amika-tray"))
        assert not is_our_tray(pid)


def test_nobody_and_those_who_have_gone_are_nobody(tray: str) -> None:
    with running(tray) as pid:
        pass
    assert not runs(pid, tray)
    for nobody in (None, 0, -1):
        assert not runs(nobody, tray)


@pytest.mark.skipif(not os.path.isfile(PS), reason="this machine has no ps")
def test_what_ps_says_where_there_is_no_proc(tray: str) -> None:
    with running(tray) as pid:
        assert tray in from_ps(pid, "-ww", "-o", "args=")
    assert from_ps(pid, "-ww", "-o", "args=") == ""
