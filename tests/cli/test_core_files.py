"""No core file of a command holds values, nobody reads its memory; what `run` becomes is left alone."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amika_agent.clock import SystemClock

pytestmark = [pytest.mark.process, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]
AMIKA = [sys.executable, "-m", "amika_cli.main"]


@pytest.fixture
def may_dump() -> Iterator[int]:
    """Give core files the size that this process may give them, and return it."""
    before, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_CORE, (before, hard))


def core_limit(pid: int) -> str:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in lines if line.startswith("Max core file size")).split()[4]


@pytest.mark.usefixtures("home", "may_dump")
def test_a_command_that_holds_a_value_leaves_no_core_file_and_closes_its_memory() -> None:
    command = [*AMIKA, "vault", "put", "KEY"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            clock = SystemClock()
            end = clock.monotonic() + 60
            while not closed(process.pid) and clock.monotonic() < end and process.poll() is None:
                clock.sleep(0.05)
            assert closed(process.pid)
        finally:
            process.kill()


def closed(pid: int) -> bool:
    if core_limit(pid) != "0":
        return False
    # a process that may not be dumped belongs to root here; as root the kernel has no other sign of it
    return os.geteuid() == 0 or os.stat(f"/proc/{pid}/mem").st_uid == 0


@pytest.mark.usefixtures("home")
def test_what_run_becomes_keeps_its_own_limit(may_dump: int) -> None:
    done = subprocess.run([*AMIKA, "run", "--", "sh", "-c", "ulimit -c"], capture_output=True, text=True, check=True)
    own = subprocess.run(["sh", "-c", "ulimit -c"], capture_output=True, text=True, check=True)
    assert done.stdout == own.stdout
    assert (own.stdout.strip() == "0") is (may_dump == 0)
