"""The commands of the Makefile, as far as they can be proved without running themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.house.repository import ROOT

TARGETS = ("setup", "run", "test", "lint", "bench", "screenshots", "bundle", "release", "lock", "clean")


def make(*words: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_target_exists_and_is_explained(target: str) -> None:
    assert make("-n", target).returncode == 0
    assert f"make {target} " in make().stdout


def test_the_checks_all_run_before_the_tests() -> None:
    plan = make("-n", "test").stdout
    order = [plan.index(word) for word in ("ruff check", "ruff format --check", "mypy", "lint-imports", "-m pytest")]
    assert order == sorted(order)


def test_continuous_integration_runs_make_test() -> None:
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make setup` reads, without the product."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_an_old_python_is_named_with_the_remedy(clone: Path) -> None:
    done = make("setup", cwd=clone, PYTHON="false")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "make setup PYTHON=" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_half_made_environment_is_not_taken_for_a_whole_one(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / ".ready").write_text("run\n")
    done = make("setup", cwd=clone, PYTHON="false")
    assert done.returncode != 0
    assert not (clone / ".venv" / ".ready").exists()


def test_an_environment_whose_making_was_interrupted_is_made_anew(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)  # works, but there may be no pip beside it
    done = make("setup", cwd=clone, PYTHON="false")
    assert "Python 3.11 or newer is needed" in done.stderr


def test_packages_that_cannot_be_downloaded_are_said_with_the_remedy_and_the_next_try_goes_on(clone: Path) -> None:
    nowhere = {"PYTHON": sys.executable, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    for _ in range(2):
        done = make("setup", cwd=clone, **nowhere)
        assert done.returncode != 0
        assert "packages of requirements/bootstrap.txt could not be installed" in done.stderr
        assert "PIP_INDEX_URL" in done.stderr
        assert "the same command goes on from here" in done.stderr
        assert (clone / ".venv" / ".made").exists()
        assert not (clone / ".venv" / ".ready").exists()
