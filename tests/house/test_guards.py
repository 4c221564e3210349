"""The guards of tests/conftest.py, proved on a suite that breaks each of them once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests import guards

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.xdist_group("guards")  # one worker: the bad suite is run once

BAD_SUITE = """
import logging, os, socket, subprocess, sys, threading, warnings
from pathlib import Path
import pytest
from tests import guards

def test_reaches_another_machine():
    socket.create_connection(("192.0.2.1", 80), timeout=0.1)

def test_name_that_only_begins_like_loopback():
    socket.create_connection(("127.0.0.1.example.com", 80), timeout=0.1)

def test_looks_up_a_name():
    socket.getaddrinfo("example.com", 80)

def test_opens_the_real_home():
    open(guards.REAL_HOME + "/.claude/.credentials.json")

def test_leaves_a_thread():
    threading.Thread(target=threading.Event().wait, args=(4,), name="left-over").start()

def test_leaves_a_detached_process():
    subprocess.run([sys.executable, "-c", "import os, time; os.fork() or (os.setsid(), time.sleep(60))"])

def test_logs_a_warning():
    logging.getLogger("some.module").warning("something is odd")

def test_warns():
    warnings.warn("old")

def test_forgets_a_file():
    open(__file__)

@pytest.mark.logs_warning
def test_passes():
    logging.getLogger("some.module").warning("it is about this")
    assert os.environ["HOME"] != guards.REAL_HOME
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says about the bad suite, run under this project's conftest."""
    root = tmp_path_factory.mktemp("suite")
    (root / "tests").mkdir()
    for name in ("conftest.py", "guards.py"):
        shutil.copy(ROOT / "tests" / name, root / "tests" / name)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "tests" / "test_bad.py").write_text(BAD_SUITE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--tb=no"],
        cwd=root,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(root / "person"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "400",
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "passed" in done.stdout, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test_reaches_another_machine", "loopback only"),
        ("test_name_that_only_begins_like_loopback", "loopback only"),
        ("test_looks_up_a_name", "loopback only"),
        ("test_opens_the_real_home", "that is the real home"),
        ("test_leaves_a_thread", "left-over"),
        ("test_leaves_a_detached_process", "processes left behind"),
        ("test_logs_a_warning", "something is odd"),
        ("test_warns", "UserWarning"),
        ("test_forgets_a_file", "PytestUnraisableExceptionWarning"),
    ],
)
def test_a_test_that_breaks_a_rule_fails(report: str, name: str, reason: str) -> None:
    verdicts = [line for line in report.splitlines() if line.startswith(("FAILED", "ERROR")) and f"::{name}" in line]
    assert verdicts, report
    assert reason in " ".join(verdicts), verdicts


def test_a_test_that_keeps_the_rules_passes(report: str) -> None:
    assert "PASSED tests/test_bad.py::test_passes" in report


@pytest.mark.parametrize("folder", [None, "", "/", Path(), Path("/"), Path("/tmp")])
def test_what_is_no_folder_of_a_test_is_never_looked_below(folder):
    with pytest.raises(ValueError, match="no folder of a test"):
        guards.processes_below(folder)
