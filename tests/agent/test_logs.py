from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from amika_agent.logs import tail, trace
from amika_local.errors import Failed

SCRIPT = """
import logging, sys, threading
from amika_agent.logs import start_log
start_log(sys.argv[1], "debug", to_stderr=False)
{body}
"""


def run_logging(path: Path, body: str) -> str:
    """The log is set up for a whole process: so it is tried in one."""
    command = [sys.executable, "-c", SCRIPT.format(body=body), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "sk-fake" not in done.stdout + done.stderr
    return path.read_text() if path.exists() else done.stderr


def test_a_line_is_redacted_single_and_private(home: Path) -> None:
    path = home / "logs" / "agent.log"
    text = run_logging(path, "logging.getLogger('amika_agent.x').info('got %s\\x07\\nand more', 'sk-fake-0123456789')")
    assert text.count("\n") == 1
    assert text.endswith("info x: got **** and more\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_exception_is_its_type_and_place_without_text_or_locals(home: Path) -> None:
    body = """
def spend(token):
    raise KeyError(token)
try:
    spend('sk-fake-0123456789')
except KeyError:
    logging.getLogger('amika_agent').exception('it failed')
"""
    text = run_logging(home / "agent.log", body)
    assert "it failed [KeyError < " in text
    assert " spend" in text
    assert "sk-fake" not in text


@pytest.mark.parametrize(
    "body",
    [
        "raise RuntimeError('sk-fake-0123456789')",
        "t = threading.Thread(target=lambda: {}['sk-fake-0123456789']); t.start(); t.join()",
    ],
)
def test_what_nobody_caught_is_logged_without_its_text(home: Path, body: str) -> None:
    text = run_logging(home / "agent.log", body)
    assert "uncaught" in text
    assert "sk-fake" not in text


def test_libraries_that_log_what_they_send_are_silent(home: Path) -> None:
    body = """
for name in ('httpx', 'httpcore.http11', 'asyncio', 'watchdog'):
    logging.getLogger(name).debug('Authorization: opaque')
    logging.getLogger(name).info('GET https://x/?t=opaque')
logging.getLogger('amika_agent').debug('ours')
"""
    text = run_logging(home / "agent.log", body)
    assert "opaque" not in text
    assert "ours" in text


def test_it_is_rotated_and_the_rest_is_private_too(home: Path) -> None:
    body = """
log = logging.getLogger('amika_agent')
for _ in range(3500):
    log.info('x' * 1000)
"""
    path = home / "agent.log"
    run_logging(path, body)
    assert sorted(p.name for p in home.glob("agent.log*")) == ["agent.log", "agent.log.1", "agent.log.2"]
    assert all(p.stat().st_mode & 0o777 == 0o600 for p in home.glob("agent.log*"))
    assert all(p.stat().st_size < 1_010_000 for p in home.glob("agent.log*"))


def test_what_is_put_aside_is_complete_and_the_oldest_goes(home: Path) -> None:
    body = """
log = logging.getLogger('amika_agent')
for number in range(4000):
    log.info('%06d %s', number, 'x' * 1000)
"""
    path = home / "agent.log"
    run_logging(path, body)
    lines = "".join((home / name).read_text() for name in ("agent.log.2", "agent.log.1", "agent.log")).splitlines()
    numbers = [int(line.split()[3]) for line in lines]
    assert numbers == list(range(numbers[0], 4000))
    assert 1500 < numbers[0] < 2500


def test_a_full_one_that_cannot_be_put_aside_loses_lines_and_stops_nobody(home: Path) -> None:
    body = """
import os
log = logging.getLogger('amika_agent')
for name in ('.1', '.2', '.2/taken'):
    os.mkdir(sys.argv[1] + name)
for _ in range(1200):
    log.info('x' * 1000)
for name in ('.2/taken', '.2', '.1'):
    os.rmdir(sys.argv[1] + name)
log.info('it goes on')
"""
    path = home / "agent.log"
    run_logging(path, body)
    assert path.read_text().endswith("it goes on\n")
    assert (home / "agent.log.1").stat().st_size < 1_010_000


def test_a_link_in_its_place_is_refused(home: Path) -> None:
    from amika_agent.logs import start_log

    (home / "elsewhere").write_text("mine")
    os.symlink(home / "elsewhere", home / "agent.log")
    with pytest.raises(Failed, match="symbolic link"):
        start_log(str(home / "agent.log"), "info", to_stderr=False)
    assert (home / "elsewhere").read_text() == "mine"
    assert logging.getLogger("amika_agent").level == logging.NOTSET


def test_the_end_of_a_log_is_redacted_again(home: Path) -> None:
    path = home / "agent.log"
    assert tail(str(path), 3) == []
    path.write_bytes(b"one\n\n\xff\nTraceback sk-fake-0123456789\nlast\x1b[2J\n")
    assert tail(str(path), 2) == ["Traceback ****", "last[2J"]
    assert tail(str(path), 0) == []


def test_a_trace_names_where_without_what() -> None:
    with pytest.raises(ValueError, match="sk-fake") as caught:
        int("sk-fake-0123456789")
    assert trace(caught.value).startswith("ValueError < test_logs.py:")
    assert "sk-fake" not in trace(caught.value)
