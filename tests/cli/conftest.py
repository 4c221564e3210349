"""Real `amika` processes on a home of their own, against a server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.fakes.secrets_server import FakeSecretsServer

if TYPE_CHECKING:
    from tests.cli.services_world import InProcess, Workspace

FUTURE_MS = 4_070_908_800_000  # 2099


@dataclass
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, "one line of JSON"
        return json.loads(self.out)

    @property
    def all(self) -> str:
        return self.out + self.err


Amika = Callable[..., Ran]


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """A local workspace of this home, running."""
    from tests.cli.services_world import Workspace

    with Workspace() as running:
        yield running


@pytest.fixture
def quick(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Run `amika WORDS` in this process."""
    from tests.cli.services_world import InProcess

    return InProcess(capsys, monkeypatch)


@pytest.fixture
def amika(home: Path) -> Amika:
    """Run `amika WORDS` without a terminal; `env` adds variables, `stdin` is what it reads."""

    def run(*words: str, env: dict[str, str] | None = None, stdin: str = "", cwd: Path | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "amika_cli.main", *words],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, **(env or {})},
            cwd=cwd or home,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        if done.returncode not in (0, 141):
            assert done.stderr.strip(), "every failure says something on stderr"
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSecretsServer]:
    """A secrets server on which this home is signed in by AMIKA_API_KEY."""
    with FakeSecretsServer() as fake:
        monkeypatch.setenv("AMIKA_API_URL", fake.url)
        monkeypatch.setenv("AMIKA_API_KEY", fake.token)
        yield fake


@pytest.fixture
def stored(server: FakeSecretsServer) -> Callable[[str], dict[tuple[str, str], str]]:
    """What the server holds of a kind: (name, scope) -> value."""

    def read(kind: str = "generic") -> dict[tuple[str, str], str]:
        return {(r["name"], r["scope"]): server.value_of(r["id"]) for r in server.records(kind)}

    return read


def write(path: Path, content: object) -> Path:
    """Write a file as an owner does: a new one, renamed into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(content if isinstance(content, str) else json.dumps(content))
    new.chmod(0o600)
    new.rename(path)
    return path


@pytest.fixture
def claude(home: Path) -> Callable[..., Path]:
    """Sign in to Claude Code: `claude(token="…", expires_ms=…)` writes its credential file."""

    def sign_in(token: str = "sk-ant-oat01-fake-one", expires_ms: int = FUTURE_MS, **more: object) -> Path:
        oauth = {"accessToken": token, "refreshToken": "sk-ant-ort01-fake", "expiresAt": expires_ms, "scopes": ["a"]}
        return write(
            home / ".claude" / ".credentials.json",
            {"claudeAiOauth": {**oauth, **more}, "mcpOAuth": {"s": {"accessToken": "fake-mcp-token"}}},
        )

    return sign_in


@pytest.fixture
def codex(home: Path) -> Callable[..., Path]:
    """Sign in to Codex with an API key."""

    def sign_in(key: str = "sk-fake-openai-0123456789") -> Path:
        return write(home / ".codex" / "auth.json", {"OPENAI_API_KEY": key})

    return sign_in
