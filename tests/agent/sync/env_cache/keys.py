"""API keys as discovery finds them."""

from __future__ import annotations

from amika_local.credential import Credential
from amika_local.secret import Secret


def key(provider, value, source="opencode", priority=200, path="/x/auth.json", expires_at=None):
    name = provider.upper().replace("-", "_") + "_API_KEY"
    return Credential(
        provider, "api_key", Secret(value), source, path, priority, native_name=name, expires_at=expires_at
    )  # fmt: skip
