"""Our programs start each other, and those of the system: the folder one stands in chooses none of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from amika_agent.server.asker import TRAY, runs
from amika_cli.children.sandbox import repository
from amika_cli.programs import tray_command
from amika_cli.setup.login_start import Start, tell_systemd
from amika_cli.terminal.clipboard import TOOLS, put, tool
from amika_local.errors import Failed, UsageError
from amika_local.secret import Secret


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose modules bear the names of those that the tray loads, and leave a trace."""
    folder = tmp_path / "project"
    trap = f"open({str(tmp_path / 'trace')!r}, 'w').close()\nraise SystemExit(9)\n"
    for name in ("amika_tray", "amika_shared", "PySide6", "json", "sitecustomize"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(trap)
    return folder


@pytest.mark.usefixtures("home")
def test_a_project_does_not_choose_the_tray_s_code(project: Path, tmp_path: Path) -> None:
    command = tray_command(local=False)
    assert command is not None
    done = subprocess.run(
        [*command, "--version"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("amika-tray ")
    assert not (tmp_path / "trace").exists()


def test_the_tray_that_a_command_starts_is_the_one_that_the_agent_knows(tmp_path: Path) -> None:
    command = tray_command(local=True)
    assert command is not None
    script = command[command.index("-P") + 1]
    assert script == os.path.join(os.path.dirname(sys.executable), TRAY)
    stand_in = tmp_path / TRAY
    stand_in.write_text("import sys; print('up', flush=True); sys.stdin.read()\n")
    started = [str(stand_in) if word == script else word for word in command]
    with subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert runs(process.pid, str(stand_in))
        process.stdin.close()


@pytest.fixture
def standing_in(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, alone on PATH but for an empty one, with programs that leave a trace."""
    for name in ("xclip", "git", "systemctl", "xdg-open", "x-www-browser"):
        program = project / name
        program.write_text(f"#!/bin/sh\necho $0 $@ >> {tmp_path}/trace\n")
        program.chmod(0o755)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("PATH", f".:../{project.name}:{tmp_path / 'empty'}")
    monkeypatch.setenv("DISPLAY", ":77")
    monkeypatch.delenv("BROWSER", raising=False)
    return tmp_path / "trace"


def test_a_value_for_the_clipboard_never_goes_to_a_program_of_the_current_folder(standing_in: Path) -> None:
    with pytest.raises(Failed):
        tool({"DISPLAY": ":77"})
    with pytest.raises(Failed):
        put(next(found for found in TOOLS if found.name == "xclip"), Secret("value"))
    assert not standing_in.exists()


def test_git_and_systemd_are_not_taken_from_the_current_folder(standing_in: Path, home: Path) -> None:
    with pytest.raises(UsageError, match="git is not installed"):
        repository(str(home))
    tell_systemd(Start("systemd", "", ""))
    assert not standing_in.exists()


def test_no_browser_is_taken_from_the_current_folder(standing_in: Path) -> None:
    # in a process of its own: `webbrowser` looks for browsers once
    code = "from amika_cli.terminal.browser import opened; print(opened('http://127.0.0.1:9/'))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"
    assert not standing_in.exists()
