"""The person at the desk: what is on their disk, what they see, what they do; everything else is real."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from tests.desktop.pixels import choose, open_menu, wait_until_still
from tests.desktop.screen import Desktop
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_logins import claude_signs_in

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.client import AgentClient, AgentError, reach
from amika_shared.profile import Profile
from amika_shared.snapshot import read_snapshot
from amika_tray.menu.describe import describe


class Person:
    """The person at the desk: what is on their disk, what they see, what they do."""

    def __init__(self, desktop: Desktop, home: Path, profile: Profile) -> None:
        self.desktop = desktop
        self.home = home
        self.profile = profile
        self.opened = home / "opened-page"
        stub = home / "browser"
        stub.write_text(
            f"#!/bin/sh\nprintf %s \"$1\" > '{self.opened}.new' && mv '{self.opened}.new' '{self.opened}'\n"
        )
        stub.chmod(0o700)
        self.browser = str(stub)

    def signs_in_to_claude(self, token: str) -> None:
        claude_signs_in(self.home, token, int((time.time() + 8 * 3600) * 1000))

    def chooses(self, action: str, target: str = "amika") -> None:
        """Open the tray's menu with a click on the icon, and click the line that does `action` (to this service)."""
        wait_until_still(self.desktop)
        lines = [
            entry for entry in describe(read_snapshot(self.snapshot()), time.time(), at_login=False) if entry.enabled
        ]
        shown = [(entry.action, entry.target) for entry in lines if entry.kind == "action"]
        place = next(
            i for i, (does, to) in enumerate(shown) if does == action and (target == to or "sign_" not in does)
        )
        choose(self.desktop, open_menu(self.desktop), place)

    def signs_in_to_groq(self, key: str) -> None:
        """Write the credential file as OpenCode does."""
        folder = self.home / ".local/share/opencode"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "auth.json").write_text(json.dumps({"groq": {"type": "api", "key": key}}))

    def cached(self) -> str:
        """Return the env cache's text, "" while there is none."""
        path = Path(self.profile.env_cache)
        return path.read_text() if path.exists() else ""

    def snapshot(self) -> dict[str, Any]:
        """Return what the agent says."""
        return self.ask("status")

    def activity(self) -> list[dict[str, Any]]:
        """Return what the agent has noted."""
        return list(self.ask("activity").get("events", []))

    def ask(self, op: str) -> dict[str, Any]:
        """Return what the agent answers, {} when it does not."""
        client = self.agent()
        if client is None:
            return {}
        with client:
            try:
                return client.call(op)
            except AgentError:
                return {}

    def agent(self) -> AgentClient | None:
        """Return a connection to the agent, or None when none runs; a busy machine may take its time."""
        return reach(self.profile, env=self.desktop.env_for(os.environ), timeout=20.0).client

    def remote(self, kind: str = "claude") -> list[dict[str, Any]]:
        """Return what the workspace lists under a provider, or "generic"; values cannot be read back by anyone."""
        running = launch.find(self.profile.workspace_dir, SystemClock())
        session = Path(self.profile.amika_state_dir, "workos-session.json")
        if running is None or not session.exists():
            return []
        bearer = json.loads(session.read_text())["access_token"]
        url = f"{running.url}/api/v0beta1/secrets" + ("" if kind == "generic" else f"/{kind}")
        answer = httpx.get(url, headers={"Authorization": f"Bearer {bearer}"}, timeout=10, trust_env=False)
        return list(answer.json()) if answer.status_code == 200 else []

    def leaves(self) -> None:
        """End the agent and the workspace, whatever has happened."""
        client = self.agent()
        if client is not None:
            with client:
                client.call("stop")
        running = launch.find(self.profile.workspace_dir, SystemClock())
        if running is not None:
            launch.stop(running)


def real_tray(person: Person, keyring: str = "keyring.backends.SecretService.Keyring") -> TrayProgram:
    """Return the installed tray, which starts the real agent."""
    program = shutil.which("amika-tray", path=os.path.dirname(sys.executable))
    assert program, "make setup has not been run"
    env = person.desktop.env_for(os.environ, BROWSER=person.browser)
    env["PYTHON_KEYRING_BACKEND"] = keyring
    return TrayProgram(person.desktop, env, "--local", program=program)
