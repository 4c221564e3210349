"""A local workspace that plays almyty and AKOS for real `amika` processes, and a person who approves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from tests.agent.workspace.running import RunningServer
from tests.cli.conftest import Ran

from amika_agent.workspace import launch
from amika_cli.main import main
from amika_shared.profile import resolve


class Workspace(RunningServer):
    """The workspace that `--local` finds in this test's home."""

    def __init__(self) -> None:
        super().__init__(Path(resolve(os.environ, local=True).workspace_dir))

    def mint(self) -> str:
        """Return a new almyty key, as its web application would make one."""
        started = self.http.post("/auth/cli/start", json={"program": "web", "machine": ""}).json()["data"]
        launch.decide(str(self.data_dir), started["code"], approve=True)
        answer = self.http.post("/auth/cli/exchange", json={"code": started["deviceCode"], "state": "s"})
        return str(answer.json()["token"])

    def keys(self, token: str) -> list[dict[str, Any]]:
        """Return the keys that the server has."""
        answer = httpx.get(f"{self.url}/auth/api-keys", headers={"X-API-Key": token})
        listed: list[dict[str, Any]] = answer.json()["data"]["apiKeys"]
        return listed

    def accepts(self, token: str) -> bool:
        """Tell whether a key is still valid."""
        return httpx.get(f"{self.url}/auth/profile", headers={"X-API-Key": token}).status_code == 200

    def decide(self, code: str, *, approve: bool = True) -> None:
        """Do what the person does."""
        launch.decide(str(self.data_dir), code, approve)


class InProcess:
    """`amika WORDS` in this process: for the many cases that need no process of their own."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, env: dict[str, str] | None = None) -> Ran:
        with self._monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            code = main(list(words))
        out, err = self._capsys.readouterr()
        return Ran(code, out, err)


class SigningIn:
    """`amika auth login …` under way in its own process; `until(pattern)` reads its stderr."""

    def __init__(self, *words: str, env: dict[str, str] | None = None) -> None:
        self.err = ""
        self.out = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "amika_cli.main", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def until(self, pattern: str) -> str:
        """Return the first group of `pattern` once stderr has it."""
        assert self.process.stderr is not None
        while not (found := re.search(pattern, self.err)):
            line = self.process.stderr.readline()
            assert line, f"never said {pattern!r}: {self.err}"
            self.err += line
        return found[1]

    def end(self) -> int:
        """Return the exit code, having read everything."""
        out, err = self.process.communicate(timeout=60)
        self.out, self.err = self.out + out, self.err + err
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
