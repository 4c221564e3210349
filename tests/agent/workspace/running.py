"""A real local workspace in its own process, and a signed-in client of it, for tests."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from amika_agent.workspace import launch

CLIENT = "client_of_the_tests"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEADLINE = 30.0


class RunningServer:
    """The server's process. `shift(seconds)` moves its clock when it was started with `movable_clock`."""

    def __init__(self, data_dir: Path, *flags: str, movable_clock: bool = False, **popen: Any) -> None:
        self.data_dir = data_dir
        self._shift = Path(f"{data_dir}.clock")
        command = [sys.executable, "-m", "amika_agent.workspace"]
        if movable_clock:
            command = [sys.executable, str(Path(__file__).with_name("server_with_clock.py")), str(self._shift)]
        self.process = subprocess.Popen(
            [*command, "--data", str(data_dir), *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            **popen,
        )
        self.said = self._first_line()
        self.url = str(self.said.get("url", ""))
        self.port = int(self.url.rpartition(":")[2] or 0)
        self.http = httpx.Client(base_url=self.url, timeout=DEADLINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(signal.SIGTERM)

    def end(self, number: signal.Signals) -> int:
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def shift(self, seconds: float) -> None:
        self._shift.write_text(str(seconds))

    def start_sign_in(self, **fields: str) -> dict[str, Any]:
        answer = self.http.post("/user_management/authorize/device", data={"client_id": CLIENT, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def authenticate(self, **fields: str) -> httpx.Response:
        return self.http.post("/user_management/authenticate", data={"client_id": CLIENT, **fields})

    def poll(self, started: dict[str, Any]) -> httpx.Response:
        return self.authenticate(grant_type=DEVICE_GRANT, device_code=started["device_code"])

    def refresh(self, token: str, **fields: str) -> httpx.Response:
        return self.authenticate(grant_type="refresh_token", refresh_token=token, **fields)

    def sign_in(self) -> dict[str, Any]:
        started = self.start_sign_in(requesting_program="the tests", requesting_machine="this one")
        launch.decide(str(self.data_dir), started["user_code"], True)
        answer = self.poll(started)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def api(self, session: dict[str, Any]) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self.url}/api/v0beta1",
            headers={"Authorization": f"Bearer {session['access_token']}"},
            timeout=DEADLINE,
        )

    def _first_line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
        assert ready, "the server said nothing"
        line = self.process.stdout.readline()
        value = json.loads(line) if line else {}
        assert isinstance(value, dict)
        return value


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', page)
    assert found, "the page has no form"
    return found[1]


def stored_bytes(data_dir: Path) -> bytes:
    """Everything the workspace has on disk, in one piece."""
    return b"".join(path.read_bytes() for path in sorted(data_dir.rglob("*")) if path.is_file())


def is_root() -> bool:
    return os.geteuid() == 0
