"""`amika-tray` as a program: flags, no display, no Qt, one instance, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amika_shared import BUILD
from amika_tray.main import parse

PROGRAM = [sys.executable, "-m", "amika_tray.main"]


def run(*flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    base = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run(
        [*PROGRAM, *flags], env={**base, **env}, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_and_version() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--homedir PATH" in done.stdout
    assert run("--version").stdout == f"amika-tray {BUILD}\n"


def test_what_it_starts_is_never_taken_from_the_current_folder() -> None:
    code = "import os; from amika_tray.main import main; main(['--version']); print(os.environ['PATH'])"
    env = {**os.environ, "PATH": ".:/usr/bin:node_modules/.bin"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "/usr/bin"


@pytest.mark.parametrize(
    "flags", [["--lokal"], ["word"], ["--homedir"], ["--homedir="], ["--homedir", "/no/such/folder"]]
)
def test_a_wrong_command_line_is_exit_2(flags: list[str]) -> None:
    done = run(*flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("amika-tray: ")
    assert "--help" in done.stderr


def test_both_ways_to_write_a_value(tmp_path: Path) -> None:
    assert parse(["--local", "--homedir", str(tmp_path)]) == parse([f"--homedir={tmp_path}", "--local"])


def test_without_a_display_it_says_so_and_names_the_way_around() -> None:
    done = run(WAYLAND_DISPLAY="")
    assert (done.returncode, done.stdout) == (5, "")
    assert "there is no display" in done.stderr
    assert "amika up" in done.stderr


def test_a_display_that_cannot_be_reached_is_no_crash() -> None:
    done = run(DISPLAY=":977", QT_QPA_PLATFORM="xcb")
    assert done.returncode == 5
    assert "the display cannot be used" in done.stderr


def test_without_its_parts_it_names_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "PySide6").mkdir()
    (tmp_path / "PySide6" / "__init__.py").write_text(
        "raise ImportError('libEGL.so.1: cannot open shared object file')"
    )
    done = run(DISPLAY=":977", PYTHONPATH=str(tmp_path))
    assert done.returncode == 5
    assert "libEGL.so.1" in done.stderr
    assert "amika-desktop[tray]" in done.stderr


def test_a_runtime_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "amika-desktop").write_text("a file in the way")
    done = run(QT_QPA_PLATFORM="offscreen", XDG_RUNTIME_DIR=str(tmp_path))
    assert done.returncode == 5
    assert "XDG_RUNTIME_DIR" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_cleanly_and_a_second_start_only_knocks(tmp_path: Path, number: int) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", ENTRY, str(tmp_path / "started")]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        try:
            _wait_for(tmp_path / "started")
            second = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
            assert second.returncode == 0
            assert second.stderr == "amika-tray: it is already running; its window opens.\n"
            assert first.poll() is None
        finally:
            first.send_signal(number)
        assert first.wait(30) == 0
        assert _complaints(first.stderr.read()) == []


# the agent's start command is a note for the test: the tray is up when it asks for an agent
ENTRY = """
import os, sys
from amika_tray.main import run
sys.exit(run(["--local"], os.environ, ["touch", sys.argv[1]]))
"""


def _complaints(said: str) -> list[str]:
    """What Qt complained about, without what its platform without a screen cannot do; test_tray.py has a screen."""
    cannot = (
        "amika-tray: This plugin does not support",
        "amika-tray: QObject::connect: No such signal QPlatformNativeI",
    )
    return [line for line in said.splitlines() if not line.startswith(cannot)]


def _wait_for(path: Path) -> None:
    import time

    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, "it did not start"
        time.sleep(0.02)


def test_what_only_windows_need_is_not_loaded_for_the_icon() -> None:
    script = "import sys, amika_tray.desktop; print([n for n in sys.modules if n in sys.argv[1:]])"
    heavy = ["segno", "ssl", "http.client", "asyncio", "webbrowser", "amika_tray.sign_in.dialog", "PySide6.QtNetwork"]
    heavy += ["amika_tray.window", "subprocess", "xml.sax", "hashlib", "html"]
    done = subprocess.run(
        [sys.executable, "-c", script, *heavy], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
