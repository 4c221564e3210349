from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.workos_server import WorkosServer

ROOT = Path(__file__).parents[2]
NEEDED = ("dbus-run-session", "dbus-send", "gnome-keyring-daemon")


@pytest.mark.desktop
@pytest.mark.process
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}")
def test_the_session_rests_in_a_real_secret_service(home, tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    state = tmp_path / "state"
    with WorkosServer() as server:
        command = [
            "dbus-run-session",
            "--",
            sys.executable,
            "-m",
            "tests.process.keyring_child",
            str(state),
            server.url,
        ]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {
        "kept": True,
        "replaced": True,
        "files": [".session.lock", ".session.meta", ".session.store"],
        "locked": "locked",
        "signed_out": True,
        "after": 3,
    }
