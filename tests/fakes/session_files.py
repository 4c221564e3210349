"""Session files as this program and the Go CLI write them, with obviously fake tokens."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.workos_model import token

from amika_local import rfc3339


def access_token(*, sid: str = "session_1", iat: float = 0, lifetime: float = 300, **claims: object) -> str:
    return token({"sub": "user_1", "sid": sid, "iat": int(iat), "exp": int(iat + lifetime), **claims})


def go_session(
    *, iat: float, lifetime: float = 300, sid: str = "session_1", refresh: str = "rt_fake_1", **more: object
) -> dict[str, object]:
    """The six fields that the Go CLI writes."""
    return {
        "access_token": access_token(sid=sid, iat=iat, lifetime=lifetime),
        "refresh_token": refresh,
        "user_id": "user_1",
        "email": "dev@example.com",
        "organization_id": "org_1",
        "expires_at": rfc3339.text(iat + lifetime),
        **more,
    }


def write_session(state_dir: Path, content: object) -> Path:
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state_dir / "workos-session.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    path.chmod(0o600)
    return path
