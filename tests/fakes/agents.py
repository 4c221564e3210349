"""Real agents as real processes, each in the home of its test."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from amika_agent.clock import SystemClock
from amika_agent.sync.journal import SyncDb
from amika_agent.workspace import launch
from amika_shared.client import AgentClient, reach
from amika_shared.profile import Profile, resolve


@contextlib.contextmanager
def agent_with_workspace() -> Iterator[AgentProcess]:
    """Run an agent of the local workspace; both end afterwards."""
    agent = AgentProcess(local=True).up()
    try:
        yield agent
    finally:
        agent.end(signal.SIGTERM)
        running = launch.find(agent.profile.workspace_dir, SystemClock())
        if running is not None:
            launch.stop(running)


class AgentProcess:
    """An agent in the foreground of a process that the test owns."""

    def __init__(self, *words: str, local: bool = False) -> None:
        self.profile: Profile = resolve(os.environ, local=local)
        command = [sys.executable, "-m", "amika_agent.main", "run", *(["--local"] if local else []), *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def up(self) -> AgentProcess:
        """Return when the agent answers."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = reach(self.profile, any_paths=True)
            if found.client is not None:
                found.client.close()
                if found.pid == self.pid:
                    return self
            assert self.process.poll() is None, self.said()
            time.sleep(0.02)
        raise AssertionError("the agent does not answer")

    def client(self) -> AgentClient:
        client = reach(self.profile, timeout=10).client
        assert client is not None
        return client

    def ask(self, op: str, **args: Any) -> dict[str, Any]:
        with self.client() as client:
            return client.call(op, args)

    def sign_in(self, *, approve: bool = True) -> list[dict[str, Any]]:
        """Sign in to the local workspace as a person who approves, or does not; return every event."""
        events = []
        with self.client() as client:
            for event in client.stream("sign_in"):
                events.append(event)
                if event["event"] == "code":
                    launch.decide(self.profile.workspace_dir, event["user_code"], approve)
        return events

    def pushes(self) -> list[str]:
        """Return the fingerprints in the ledger, of every account."""
        with contextlib.closing(SyncDb(self.profile.sync_db, SystemClock())) as db:
            return [entry.fingerprint for account in db.accounts() for entry in db.pushed(account).values()]

    def said(self) -> str:
        """Return what it wrote to its terminal; only after its end."""
        out, err = self.process.communicate(timeout=20)
        return (out + err).decode()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode

    def env_cache(self) -> dict[str, Any]:
        """Return the env cache, {} while there is none."""
        try:
            found = json.loads(Path(self.profile.env_cache).read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def log(self) -> str:
        path = Path(self.profile.agent_log)
        return path.read_text() if path.exists() else ""
