"""Logins of coding agents on disk, written as these write them: a file beside the old one, then a rename."""

from __future__ import annotations

import json
from pathlib import Path

FUTURE_MS = 4_070_908_800_000  # 2099


def claude_signs_in(home: Path, token: str = "sk-ant-oat01-fake", expires_ms: int | None = FUTURE_MS) -> None:
    """Claude Code has a login with this access token."""
    login = {
        "accessToken": token,
        "refreshToken": "sk-ant-ort01-fake",
        "expiresAt": expires_ms,
        "scopes": ["user:inference"],
        "subscriptionType": "max",
    }
    _replaced(home / ".claude" / ".credentials.json", {"claudeAiOauth": login})


def codex_signs_in(home: Path, key: str) -> None:
    """Codex has this API key."""
    _replaced(home / ".codex" / "auth.json", {"OPENAI_API_KEY": key})


def _replaced(path: Path, content: object) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content))
    new.rename(path)
