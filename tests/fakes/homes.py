"""Homes full of credential files, and `amika` run in this process on them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
from pathlib import Path

from amika_cli.main import main

FUTURE_MS = 4_070_908_800_000  # 2099
PAST_MS = 978_307_200_000  # 2001
FUTURE = FUTURE_MS / 1000
NOW = 1_900_000_000.0


def jwt(**claims: object) -> str:
    """Return an unsigned token with these claims."""
    parts = [{"alg": "none"}, claims]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, "c2ln"])


# one file for each of the eight documented sources; each gives a provider of its own where it can
ALL: dict[str, object] = {
    ".claude/.credentials.json": {
        "claudeAiOauth": {
            "accessToken": "sk-ant-oat01-fake",
            "refreshToken": "sk-ant-ort01-fake",
            "expiresAt": FUTURE_MS,
            "scopes": ["user:inference"],
        },
        "mcpOAuth": {"server": {"accessToken": "fake-mcp"}},
    },
    ".claude.json": {"primaryApiKey": "sk-ant-api03-fake", "oauthAccount": {"emailAddress": "dev@example.com"}},
    ".codex/auth.json": {"OPENAI_API_KEY": "sk-fake-openai"},
    ".cache/amika/env-cache.json": {"CACHED_API_KEY": "fake-cached"},
    ".local/share/amika/keychain.json": {"KEYCHAIN_API_KEY": "fake-keychain"},
    ".local/state/amika/oauth.json": {"OAUTH_API_KEY": "fake-oauth"},
    ".local/share/opencode/auth.json": {"groq": {"type": "api", "key": "fake-groq"}},
    ".amp/config.json": {"apiKey": "fake-amp-config"},
}

BEYOND: dict[str, object] = {
    ".local/share/amp/secrets.json": {"apiKey@https://ampcode.com/": "sgamp_fake"},
    ".gemini/oauth_creds.json": {"access_token": "ya29.fake", "expiry_date": FUTURE_MS},
    ".gemini/google_accounts.json": {"active": "google@example.com"},
    ".qwen/oauth_creds.json": {"access_token": "fake-qwen", "expiry_date": FUTURE_MS},
    ".kimi-code/credentials/kimi-code.json": {"access_token": "fake-kimi", "expires_at": FUTURE},
}
# provider -> source: what BEYOND fills in
FILLED_IN = {"amp": "amp-secrets", "gemini": "gemini", "kimi": "kimi", "qwen": "qwen"}


def fill(home: Path, files: dict[str, object]) -> Path:
    """Write files below home: text and bytes as they are, anything else as JSON."""
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, str | bytes) else json.dumps(content)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return home


class Ran:
    """What a command did: exit code, stdout as bytes, stderr as text."""

    def __init__(self, code: int, out: bytes, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def names(self) -> list[str]:
        """Names of the variables that were printed, one a line (values without line breaks)."""
        return [line.removeprefix("export ").partition("=")[0] for line in self.text.splitlines()]


def amika(*argv: str) -> Ran:
    """Run `amika ARGV` in this process."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(argv))
        out.flush()
    return Ran(code, out.buffer.getvalue(), err.getvalue())


def extract(home: Path | str, *argv: str) -> Ran:
    """Run `amika auth extract --homedir HOME ARGV`."""
    return amika("auth", "extract", "--homedir", os.fspath(home), *argv)
