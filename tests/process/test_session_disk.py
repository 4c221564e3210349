"""A full disk, a read-only file system, missing rights: found out before the token is spent, mended without a login."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.fakes.workos_server import WorkosServer
from tests.process.session_crowd import due

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.process


def namespace() -> list[str] | None:
    """Return what gives a process mounts of its own here, or None."""
    for prefix in (["unshare", "-m"], ["unshare", "-rm"]):
        if shutil.which("unshare") is None:
            return None
        probe = [*prefix, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return prefix
    return None


@pytest.fixture
def state():
    # a place every user may reach: one case runs as another user
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        state = Path(folder) / "state"
        state.mkdir(mode=0o700)
        yield state


def run(case: str, state: Path, server: WorkosServer, prefix: list[str]) -> dict:
    command = [*prefix, sys.executable, "-m", "tests.process.session_disk_child", case, str(state), server.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("case", "words"), [("full", "No space left"), ("read_only", "Read-only file system"), ("unwritable", "denied")]
)
def test_no_token_is_spent_and_all_is_well_afterwards(state, server, case, words):
    prefix = namespace() if case != "unwritable" else []
    if prefix is None:
        pytest.skip("this machine gives no mounts of one's own")
    due(state, server)
    found = run(case, state, server, prefix)
    assert found["during"]["ok"] is False
    assert found["during"]["code"] == 5
    assert words in found["during"]["message"]
    assert found["kept"] is True
    assert found["after"]["ok"] is True
    assert server.count("refresh") == 1, "nothing may be spent while nothing can be stored"
    assert len(server.model.live()) == 1


def test_an_unreadable_file_is_named_and_nothing_is_spent(state, server):
    due(state, server)
    found = run("unreadable", state, server, [])
    assert (found["during"]["ok"], found["during"]["code"]) == (False, 3)
    assert "cannot be read" in found["during"]["message"]
    assert found["after"]["ok"] is True
    assert server.count("refresh") == 1


def test_signing_out_on_a_full_disk_deletes(state, server):
    prefix = namespace() or pytest.skip("this machine gives no mounts of one's own")
    due(state, server)
    found = run("full_sign_out", state, server, prefix)
    assert found["during"] == {"ok": True, "signed_in": True, "revoked": True}
    assert not {"workos-session.json", ".session.next"} & set(found["left"])
    assert server.model.live() == []


def test_signing_out_where_nothing_can_be_deleted_ends_the_session_at_the_server_and_says_so(state, server):
    prefix = namespace() or pytest.skip("this machine gives no mounts of one's own")
    due(state, server)
    found = run("read_only_sign_out", state, server, prefix)
    assert (found["during"]["ok"], found["during"]["code"]) == (False, 5)
    assert "ended at the server, but not deleted here" in found["during"]["message"]
    assert "Read-only file system" in found["during"]["message"]
    assert server.model.live() == []
    assert found["again"]["ok"] is True
    assert "workos-session.json" not in found["left"]


def test_signing_in_on_a_full_disk_asks_nobody_for_anything(state, server):
    prefix = namespace() or pytest.skip("this machine gives no mounts of one's own")
    due(state, server)
    found = run("full_sign_in", state, server, prefix)
    assert "No space left" in found["message"]
    assert found["kept"] is True
    assert server.count("device") == 0
