"""A value of its own in every place that holds one; then every program is run, also against servers that echo.

Nothing that is printed, logged, noted, sent over the socket or handed to another program may hold one of them, and of
the files only those that are meant to.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.agents import AgentProcess
from tests.fakes.echoing_server import EchoingServer
from tests.fakes.homes import FUTURE_MS, fill, jwt

# what the programs themselves write with values in it; everything else that holds one is in `Canaries.files`
HOLD_VALUES = {
    ".cache/amika/env-cache.json",
    ".local/share/amika-desktop/default/shell/env.bash",
    ".local/state/amika/api-key.json",
}

OFFLINE = [
    "auth status amika almyty akos",
    "auth status amika almyty akos -o json",
    "auth extract --explain",
    "secret extract",
    "secret extract -o json",
    "creds list -o json",
    "creds check --secrets-file dotenv",
    "creds check --secrets-file halves.json",
    "secret push --from-file halves.json --yes",
    "secret claude push --type oauth --from-file halves.json --yes",
    "vault list",
    "vault list -o json",
    "vault get IN_VAULT",
    "connections add slack talk --vault-key IN_VAULT --yes",
    "connections inspect talk -o json",
    "shell-init bash --explain",
    "shell-init bash --install --yes",
    "run -- true",
    "config list -o json",
    "agent status",
    "sync rules -o json",
    "activity -o json",
    "doctor",
    "doctor -o json",
]
ONLINE = [
    "auth status amika almyty --verify",
    "auth login",
    "auth login almyty --token-file token",
    "secret list",
    "secret push --from-file dotenv --yes",
    "secret claude push --type oauth --yes --once",
    "secret codex push --type api_key --yes",
    "secret extract --push --yes",
    "sandbox create --remote box --secret env:GROQ_API_KEY --yes",
    "sync -o json",
    "up --once --yes --no-tray -o json",
    "status",
    "status -o json",
    "auth login --api-key-file token",
    "secret list -o json",
]


class Canaries:
    """The values and the files that hold them.

    held  value -> what it is
    """

    def __init__(self, home: Path, url: str) -> None:
        self.held: dict[str, str] = {}
        new, soon = self.new, int(time.time()) + 500
        access = self.note("access token", jwt(exp=soon, iat=soon - 600, sid="session_1", note=new("claim")))
        self.files: dict[str, object] = {
            ".claude/.credentials.json": {
                "claudeAiOauth": {
                    "accessToken": new("Claude login"),
                    "refreshToken": new("Claude's refresh token"),
                    "expiresAt": FUTURE_MS,
                    "scopes": ["user:inference"],
                },
                "mcpOAuth": {"server": {"accessToken": new("MCP token")}},
                "trustedDeviceToken": new("device token"),
            },
            ".claude.json": {"primaryApiKey": "sk-ant-" + new("Claude key")},
            ".codex/auth.json": {
                "OPENAI_API_KEY": new("Codex key"),
                "tokens": {"access_token": new("Codex login"), "refresh_token": new("Codex's refresh token")},
            },
            ".local/share/opencode/auth.json": {
                "groq": {"type": "api", "key": new("OpenCode key")},
                "mistral": {"type": "oauth", "access": new("OpenCode login"), "refresh": new("its refresh token")},
                "none": {"type": "wellknown", "key": "K", "token": new("OpenCode's other")},
            },
            ".amp/config.json": {"apiKey": new("old Amp")},
            ".local/share/amp/secrets.json": {"apiKey@https://ampcode.com/": new("Amp")},
            ".gemini/oauth_creds.json": {"access_token": new("Gemini"), "expiry_date": new("no time")},
            ".qwen/oauth_creds.json": f'{{"access_token": "{new("Qwen")}", "refresh_tok',
            ".kimi-code/credentials/kimi-code.json": {"access_token": [new("Kimi")]},
            ".local/share/amika/keychain.json": {"KEPT_API_KEY": new("Amika's keychain file")},
            ".local/state/amika/oauth.json": {"LOGIN_API_KEY": new("Amika's OAuth file")},
            ".local/state/amika/workos-session.json": {
                "access_token": access,
                "refresh_token": new("refresh token"),
                "email": "dev@example.com",
                "user_id": "user_1",
                "organization_id": "org_1",
            },
            ".almyty/credentials.json": {"token": new("almyty token"), "url": url, "frontendUrl": url},
            ".local/share/amika-desktop/default/akos-session.json": {
                "access_token": new("AKOS access token"),
                "refresh_token": new("AKOS refresh token"),
                "expires_at": soon,
            },
            "dotenv": f"FILED_KEY={new('key of a file')}\nno assignment {new('line of a file')}\n",
            "halves.json": f'{{"claudeAiOauth": {{"accessToken": "{new("half a file")}',
            "token": new("token of a file"),
            "passphrase": new("passphrase of the vault"),
        }
        fill(home, self.files)
        for name in self.files:
            (home / name).chmod(0o600)

    def new(self, what: str) -> str:
        """Return a value that no pattern knows for a secret."""
        return self.note(what, "c" + hashlib.sha256(what.encode()).hexdigest()[:39])

    def note(self, what: str, value: str) -> str:
        self.held[value] = what
        return value

    def seen_in(self, text: str) -> list[str]:
        """Return what of them, or of a good part of them, is in a text."""
        parts = ((value[:16], value[4:-4], value[-16:]) for value in self.held)
        heads = {"eyJhbGciOiAibm9u"}  # all tokens of the tests begin so
        return [
            what
            for what, (head, *rest) in zip(self.held.values(), parts, strict=True)
            if (head in text and head not in heads) or any(part in text for part in rest)
        ]


@pytest.fixture
def echoing(monkeypatch: pytest.MonkeyPatch) -> Iterator[EchoingServer]:
    with EchoingServer() as server:
        for name in ("AMIKA_API_URL", "AMIKA_WORKOS_URL", "ALMYTY_URL", "ALMYTY_FRONTEND_URL", "AKOS_API_URL"):
            monkeypatch.setenv(name, server.url)
        yield server


@pytest.fixture
def canaries(home: Path, echoing: EchoingServer, monkeypatch: pytest.MonkeyPatch) -> Canaries:
    monkeypatch.setenv("AMIKA_VAULT_PASSPHRASE_FILE", str(home / "passphrase"))
    return Canaries(home, echoing.url)


def run(canaries: Canaries, home: Path, *words: str, stdin: str = "", **env: str) -> int:
    """Run `amika`; whatever becomes of it, it prints no value."""
    command = [sys.executable, "-m", "amika_cli.main", *words]
    given = {**os.environ, **env}
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, cwd=home, env=given, timeout=120, check=False
    )
    assert canaries.seen_in(done.stdout + done.stderr) == [], words
    assert "Traceback" not in done.stderr
    assert done.returncode != 1, done.stderr  # a fault of ours
    return done.returncode


def values_lie_in(canaries: Canaries, home: Path) -> dict[str, list[str]]:
    """Return file -> what it holds, of all files that the test has not written itself."""
    found = {}
    for path in sorted(home.rglob("*")):
        name = str(path.relative_to(home))
        if path.is_file() and not path.is_symlink() and name not in canaries.files:
            held = canaries.seen_in(path.read_bytes().decode("utf-8", "replace"))
            found.update({name: held} if held else {})
    return found


def recorder(home: Path) -> Path:
    """Return a browser that notes its words, its environment and who started it."""
    program, record = home / "browser", home / "started"
    lines = ['echo "$@"', "env", "tr '\\0' ' ' </proc/$PPID/cmdline", "tr '\\0' ' ' </proc/$PPID/environ", "echo whole"]
    program.write_text(f"#!/bin/sh\n{{ {'; '.join(lines)}; }} >>{shlex.quote(str(record))} 2>&1\n")
    program.chmod(0o700)
    return program


def noted(home: Path) -> str:
    """Return what the browser was started with, once it has noted all of it."""
    end = time.monotonic() + 60
    while not (text := (home / "started").read_text() if (home / "started").exists() else "").endswith("whole\n"):
        assert time.monotonic() < end, text
        time.sleep(0.02)
    return text


def test_what_is_done_on_this_machine_shows_no_value(canaries: Canaries, home: Path, echoing: EchoingServer) -> None:
    secret = canaries.new("vault's value")
    assert run(canaries, home, "vault", "put", "IN_VAULT", stdin=secret) == 0
    for line in OFFLINE:
        run(canaries, home, *line.split())
    assert set(values_lie_in(canaries, home)) <= HOLD_VALUES
    assert (home / ".local/share/amika-desktop/default/shell/env.bash").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("status", [401, 422, 500])
def test_a_server_that_says_back_what_it_was_sent(
    canaries: Canaries, home: Path, echoing: EchoingServer, status: int
) -> None:
    browser = recorder(home)
    echoing.refuses = status
    for line in ONLINE:
        run(canaries, home, *line.split(), BROWSER=str(browser))
    keys = {name: canaries.new(name) for name in ("AMIKA_API_KEY", "ALMYTY_TOKEN")}
    for line in ("secret list", "secret codex push --type api_key --yes", "auth status amika almyty --verify"):
        run(canaries, home, *line.split(), **keys)
    assert any(method != "GET" for method, _ in echoing.told)
    assert len(canaries.seen_in(echoing.heard)) >= 4, "values that were sent came back"
    assert f"{echoing.url}/page" in noted(home), "a browser was started, and noted what it got"
    assert set(values_lie_in(canaries, home)) <= HOLD_VALUES


def test_the_agent_tells_and_notes_no_value(
    canaries: Canaries, home: Path, echoing: EchoingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(canaries, home, "sync", "add", "opencode/groq", "--yes") == 0
    monkeypatch.setenv("SOMEBODYS_TOKEN", canaries.new("variable of the agent's shell"))
    agent = AgentProcess("--log-level", "debug").up()
    try:
        stored = agent.ask("secret_put", key="FROM_A_FRAME", value=canaries.new("value in a frame"), scope="workspace")
        frames: list[dict[str, Any]] = [stored]
        for echoing.refuses in (401, 422, 500):
            changed = {"groq": {"type": "api", "key": canaries.new(f"key that gets {echoing.refuses}")}}
            (home / ".local/share/opencode/auth.json").write_text(json.dumps(changed))
            told = len(echoing.told)
            frames.append(agent.ask("sync"))
            assert len(echoing.told) > told
            frames += [agent.ask(op) for op in ("status", "activity", "settings", "secret_list", "connections")]
            with agent.client() as client:
                frames.append(next(client.stream("watch")))
        assert canaries.seen_in(json.dumps(frames, ensure_ascii=False)) == []
        assert canaries.seen_in(" ".join(Path(f"/proc/{agent.pid}/cmdline").read_text().split("\0"))) == []
        assert "Max core file size        0 " in Path(f"/proc/{agent.pid}/limits").read_text()
    finally:
        agent.end()
    assert canaries.seen_in(Path(agent.profile.agent_log).read_text()) == []
    assert set(values_lie_in(canaries, home)) <= HOLD_VALUES
