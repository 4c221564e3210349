"""Files as the tools write them, damaged in every way a half-written one can be: nothing raises, no value is in what is
said of it, and what counts as a credential is a whole text of the file, never a part of one.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
from tests.fakes.homes import FUTURE, FUTURE_MS, NOW, fill, jwt

from amika_local.discovery import discover


def value(name: str) -> str:
    return "v" + hashlib.sha256(name.encode()).hexdigest()[:30]


FILES: dict[str, object] = {
    ".claude/.credentials.json": {
        "claudeAiOauth": {
            "accessToken": "sk-ant-oat01-" + value("access"),
            "refreshToken": value("refresh"),
            "expiresAt": FUTURE_MS,
            "scopes": ["user:inference"],
            "subscriptionType": "max",
        },
        "mcpOAuth": {"server|1": {"accessToken": value("mcp")}},
    },
    ".claude.json": {
        "primaryApiKey": "sk-ant-" + value("primary"),
        "oauthAccount": {"emailAddress": "dev@example.com"},
        "projects": {"/home/dev": {"cost": 0.25, "lastUsed": None}},
    },
    ".codex/auth.json": {
        "OPENAI_API_KEY": value("openai"),
        "tokens": {
            "id_token": jwt(email="dev@example.com"),
            "access_token": jwt(exp=FUTURE),
            "refresh_token": value("codex"),
            "account_id": "account",
        },
        "last_refresh": "2026-01-01T00:00:00.123456Z",
    },
    ".local/share/opencode/auth.json": {
        "groq": {"type": "api", "key": value("groq")},
        "mistral": {"type": "oauth", "access": value("mistral"), "refresh": value("again"), "expires": FUTURE_MS},
        "other": {"type": "wellknown", "key": "K", "token": value("other")},
    },
    ".local/share/amp/secrets.json": {"apiKey@https://ampcode.com/": value("amp")},
    ".amp/config.json": {"auth": {"token": value("old amp")}},
    ".gemini/oauth_creds.json": {"access_token": value("gemini"), "expiry_date": FUTURE_MS},
    ".qwen/oauth_creds.json": {"access_token": value("qwen"), "expiry_date": FUTURE_MS},
    ".kimi-code/credentials/kimi-code.json": {"access_token": value("kimi"), "expires_at": FUTURE + 0.5},
    ".cache/amika/env-cache.json": {"CACHED_API_KEY": value("cached"), "_amika": {"v": 1, "env": {}}},
    ".local/share/amika/keychain.json": {"KEPT_API_KEY": value("kept")},
    ".local/state/amika/oauth.json": {"LOGIN_API_KEY": value("login")},
}
PIECES = [b"", b"null", b"[]", b"{}", b'""', b"0", b"-1", b"1e999", b"9" * 400, b"true", b'"', b"\\", b"\0", b"\xff"]
ROUNDS = 150


def damaged(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.choice([1, 1, 2, 4])):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([1, 2, 8, 60, len(data)]))
        way = chance.randrange(6)
        if way == 0:
            data = data[:start]
        elif way == 1:
            data = data[:start] + chance.choice(PIECES) + data[end:]
        elif way == 2:
            data = data[:start] + data[start:end] * 2 + data[end:]
        elif way == 3:
            data = data[start:] + data[:start]
        elif way == 4:  # a disk that lost its power
            data = data[:start] + b"\0" * (len(data) - start)
        elif (colon := data.find(b":", start)) >= 0:
            comma = min((at for at in (data.find(b",", colon), data.find(b"}", colon)) if at > 0), default=len(data))
            data = data[: colon + 1] + chance.choice(PIECES) + data[comma:]
    return data


def texts(found: object) -> set[str]:
    """Return every text in a document."""
    if isinstance(found, str):
        return {found.strip()}
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    return set().union(*(texts(one) for one in inner))


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file(tmp_path: Path, name: str) -> None:
    fill(tmp_path, FILES)
    whole = {c.value.reveal() for c in discover(str(tmp_path), {}, now=NOW, beyond=True).credentials}
    assert len(whole) >= len(FILES)
    others = {value(what) for what in ("refresh", "mcp", "codex", "again", "other")}
    parts = {one[at:][:12] for one in whole | others for at in (-30, -12) if not one.startswith("eyJ")}
    chance = random.Random(name)
    for _ in range(ROUNDS):
        content = damaged(chance, json.dumps(FILES[name]).encode())
        (tmp_path / name).write_bytes(content)
        found = discover(str(tmp_path), {}, now=NOW, beyond=True, oauth=chance.random() < 0.9)
        said = [f"{p.message} {p.remedy} {p!r}" for p in found.problems]
        said += [f"{r.detail} {r.provider} {r!r}" for r in found.readings]
        assert not [one for one in said if any(part in one for part in parts)]
        mine = {c.value.reveal() for c in (*found.credentials, *found.expired) if c.path == str(tmp_path / name)}
        assert mine <= _of(content), content


def _of(content: bytes) -> set[str]:
    try:
        return texts(json.loads(content.decode("utf-8-sig", "surrogateescape").replace("\udcff", "\ufffd")))
    except ValueError:
        return set()
