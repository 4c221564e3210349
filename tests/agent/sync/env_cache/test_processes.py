"""The env cache under several processes: readers see old or new, nobody's entry is lost, kill -9 leaves no wreck."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from amika_agent.clock import SystemClock
from amika_agent.sync import env_cache
from amika_agent.sync.journal import SyncDb

pytestmark = pytest.mark.process

WRITER = """
import sys
from amika_agent.clock import SystemClock
from amika_agent.sync import env_cache
from amika_agent.sync.journal import SyncDb
from tests.agent.sync.world import codex_key
from tests.fakes.discoveries import discovery
path, db, name, count = sys.argv[1:]
db = SyncDb(db, SystemClock())
for n in range(int(count)):
    print(env_cache.reconcile(path, discovery(codex_key(f"{name}-{n}")), db, SystemClock()).state, flush=True)
"""


def start(path, db, name, count):
    argv = [sys.executable, "-c", WRITER, str(path), str(db), name, str(count)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()})


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "cache" / "env-cache.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"GROQ_API_KEY": "own"}))
    return file


def test_readers_and_other_processes(path, tmp_path):
    children = [start(path, tmp_path / "data" / "sync.db", name, 60) for name in ("a", "b", "c")]
    looks = 0
    while any(child.poll() is None for child in children):
        document = json.loads(path.read_bytes())
        assert document["GROQ_API_KEY"] == "own"
        if "_amika" in document:
            assert document["OPENAI_API_KEY"] == document["_amika"]["env"]["OPENAI_API_KEY"]["value"]
        looks += 1
        time.sleep(0.001)
    for child in children:
        out, _ = child.communicate(timeout=30)
        assert (set(out.split()), child.returncode) == ({"current"}, 0)
    assert looks > 10
    assert json.loads(path.read_bytes())["_amika"]["generation"] == 180


def test_killed_at_random_points(path, tmp_path):
    database = tmp_path / "data" / "sync.db"
    for number in range(12):
        child = start(path, database, f"v{number}", 100000)
        for _ in range(1 + number * 3):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        child.stdout.close()
        child.wait()
        document = json.loads(path.read_bytes())
        assert document["GROQ_API_KEY"] == "own"
        assert document["OPENAI_API_KEY"].startswith("sk-fake-v")
    (path.parent / "env-cache.json.tmp-00000000").write_text("left by a kill")
    db = SyncDb(str(database), SystemClock())
    assert env_cache.withdraw(str(path), db, SystemClock()).state == "off"
    assert json.loads(path.read_bytes()) == {"GROQ_API_KEY": "own"}
    assert [file.name for file in path.parent.iterdir() if ".tmp-" in file.name] == []
    db.close()
