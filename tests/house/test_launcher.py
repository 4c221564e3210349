"""The console scripts that `make setup` writes: an isolated interpreter that does not look for packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def environment(folder: Path) -> Path:
    """Make a virtual environment that has the packages of this one."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "lib").symlink_to(Path(sys.prefix) / "lib")
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", folder)
    return folder


@pytest.fixture
def amika(tmp_path: Path) -> Path:
    venv = environment(tmp_path / "venv")
    subprocess.run([ROOT / "requirements" / "launcher.sh", venv], check=True, timeout=60)
    return venv / "bin" / "amika"


def run(program: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *words], env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", ["amika", "amika-agent", "amika-tray"])
def test_they_start_isolated_and_without_looking_for_packages(amika: Path, name: str) -> None:
    program = amika.with_name(name)
    assert program.read_text().splitlines()[0].endswith("/bin/python -IS")
    done = run(program, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name} ")


def test_commands_that_need_other_packages_find_them(amika: Path, home: Path) -> None:
    for words in (["config", "list"], ["doctor"], ["vault", "list"], ["secret", "list", "--json"]):
        done = run(amika, *words, AMIKA_API_URL="http://127.0.0.1:9")
        assert "unexpected failure" not in done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 3), done.stderr


@pytest.mark.parametrize("name", ["amika", "amika-agent", "amika-tray"])
def test_nothing_of_the_persons_python_is_loaded(amika: Path, tmp_path: Path, name: str) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for package in ("amika_cli", "amika_agent", "amika_tray"):
        (foreign / f"{package}.py").write_text("raise SystemExit('not ours')")
    (foreign / "sitecustomize.py").write_text("raise SystemExit('not ours either')")
    done = run(amika.with_name(name), "--version", PYTHONPATH=str(foreign), PYTHONSTARTUP=str(foreign / "amika_cli.py"))
    assert (done.returncode, done.stderr) == (0, "")


def test_it_works_from_anywhere_and_through_a_link(amika: Path, tmp_path: Path) -> None:
    link = tmp_path / "amika"
    link.symlink_to(amika)
    done = subprocess.run([link, "auth", "extract"], cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_place_that_no_first_line_can_name_keeps_its_script(tmp_path: Path) -> None:
    venv = environment(tmp_path / "my venv")
    (venv / "bin" / "amika").write_text("pip's own")
    subprocess.run([ROOT / "requirements" / "launcher.sh", venv], check=True, timeout=60)
    assert (venv / "bin" / "amika").read_text() == "pip's own"
    assert sorted(os.listdir(venv / "bin")) == ["amika", "python"]
