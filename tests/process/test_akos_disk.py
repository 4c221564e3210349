"""AKOS rotates its refresh token: a disk that fills up while it answers must not cost the login."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.process.test_session_disk import namespace

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.process


def test_a_disk_that_fills_up_while_the_server_answers_costs_no_login(tmp_path):
    prefix = namespace()
    if prefix is None:
        pytest.skip("this machine gives no mounts of one's own")
    command = [*prefix, sys.executable, "-m", "tests.process.akos_disk_child", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    first, second, third = found["said"]
    assert first == "", "its room was taken before the token was spent"
    assert "No space left" in second, "now there is none to begin with"
    assert found["sent"] == 2, "so nothing was spent"
    assert third == ""
    assert found["same"], "what is stored is what the server takes next"
    assert [name for name in found["names"] if "tmp" in name] == []
