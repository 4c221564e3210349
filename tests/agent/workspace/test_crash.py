"""kill -9 in the middle of writing: what was answered is there afterwards, and nothing is damaged."""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
from pathlib import Path

import httpx
import pytest
from tests.agent.workspace.running import RunningServer

ROUNDS = 12


@pytest.mark.process
def test_every_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "data"
    chance = random.Random(20261121)
    acknowledged: set[str] = set()
    removed: set[str] = set()
    token = ""
    for number in range(ROUNDS):
        server = RunningServer(data)
        session = server.refresh(token).json() if token else server.sign_in()
        assert "access_token" in session, session.get("error")
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        token = session["refresh_token"]
        started = threading.Event()
        writers = [
            threading.Thread(target=write, args=(server.url, headers, f"{number}-{n}", acknowledged, removed, started))
            for n in range(3)
        ]
        for writer in writers:
            writer.start()
        assert started.wait(30)
        threading.Event().wait(chance.uniform(0.0, 0.08))
        server.end(signal.SIGKILL)
        for writer in writers:
            writer.join(30)
        check = sqlite3.connect(data / "workspace.db")
        assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        check.close()
    with RunningServer(data) as server, server.api(server.refresh(token).json()) as api:
        left = {secret["name"] for secret in api.get("/secrets/claude").json()}
        assert acknowledged - left == set()
        assert left & removed == set()
        assert len(acknowledged) > ROUNDS


def write(
    url: str, headers: dict[str, str], name: str, kept: set[str], removed: set[str], started: threading.Event
) -> None:
    """Create credentials until the server is gone, deleting every third; note what was answered."""
    with httpx.Client(base_url=f"{url}/api/v0beta1", headers=headers, timeout=30) as api:
        for number in range(100_000):
            full = f"{name}-{number}"
            try:
                created = api.post("/secrets/claude", json={"name": full, "type": "api_key", "value": "x" * 2000})
                assert created.status_code == 201
                if number % 3 != 2:
                    kept.add(full)
                elif api.delete(f"/secrets/claude/{created.json()['id']}").status_code == 204:
                    removed.add(full)
            except httpx.HTTPError:
                return
            started.set()
