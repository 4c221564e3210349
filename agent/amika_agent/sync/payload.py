"""What leaves this machine for a credential: the part a receiver needs, and nothing beside it."""

from __future__ import annotations

import json
from typing import Any

from amika_agent.sync.rules import CLAUDE, GENERIC, Rule
from amika_local.credential import OAUTH, Credential
from amika_local.errors import UsageError
from amika_local.secret import Secret

MAX_BYTES = 64 * 1024


def payload(rule: Rule, credential: Credential) -> Secret:
    """Return what the rule sends for a discovered credential.

    Raises:
        UsageError: blank, malformed or too large: it must not be sent. The text holds nothing of the value.

    """
    if rule.provider == GENERIC:
        return _plain(credential.value)
    value = credential.record if rule.type == OAUTH and credential.record is not None else credential.value
    return checked_value(rule.provider, rule.type, value, without_refresh_token=rule.without_refresh_token)


def checked_value(provider: str, type_: str, value: Secret, *, without_refresh_token: bool = False) -> Secret:
    """Return the value of a provider secret as it is sent: of an OAuth record only the receiver's part.

    Raises:
        UsageError: blank, malformed, too large, or of the other type.

    """
    if type_ != OAUTH:
        return _api_key(provider, value)
    record = _record(provider, value)
    if without_refresh_token:
        tokens: dict[str, Any] = record["claudeAiOauth" if provider == CLAUDE else "tokens"]
        for field in ("refreshToken", "refreshTokenExpiresAt", "refresh_token"):
            tokens.pop(field, None)
    return _plain(Secret(json.dumps(record, separators=(",", ":"), ensure_ascii=False)))


def expiry(provider: str, type_: str, value: Secret) -> float | None:
    """Return when an explicit value expires, epoch seconds, or None when it does not say."""
    if type_ != OAUTH:
        return None
    record = _record(provider, value)
    if provider != CLAUDE:
        from amika_local.jwt_claims import claims

        at = claims(str(record["tokens"]["access_token"])).get("exp")
        return float(at) if isinstance(at, (int, float)) and not isinstance(at, bool) else None
    at = record["claudeAiOauth"].get("expiresAt")
    if isinstance(at, bool) or not isinstance(at, (int, float)):
        return None
    return at / 1000 if at > 1e11 else float(at)


def _record(provider: str, value: Secret) -> dict[str, Any]:
    text = value.reveal().strip()
    if not text:
        raise UsageError("the value is blank")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("an OAuth record must be a JSON object", remedy="A key is pushed with --type api_key.")
    return _claude(found) if provider == CLAUDE else _codex(found)


def _claude(found: dict[str, Any]) -> dict[str, Any]:
    oauth = found.get("claudeAiOauth", found if "accessToken" in found else None)
    if not isinstance(oauth, dict):
        raise UsageError("this is no Claude OAuth record: it has no claudeAiOauth object")
    _need(oauth, "accessToken")
    return {"claudeAiOauth": dict(oauth)}


def _codex(found: dict[str, Any]) -> dict[str, Any]:
    tokens = found.get("tokens")
    if not isinstance(tokens, dict):
        raise UsageError("this is no Codex OAuth record: it has no tokens object")
    _need(tokens, "access_token")
    record = {"auth_mode": found.get("auth_mode"), "OPENAI_API_KEY": None}
    return {**record, "tokens": dict(tokens), "last_refresh": found.get("last_refresh")}


def _need(tokens: dict[str, Any], field: str) -> None:
    token = tokens.get(field)
    if not isinstance(token, str) or not token.strip():
        raise UsageError("the record is blank: its owner has signed out, or lost the login", remedy="Sign in there.")


def _api_key(provider: str, value: Secret) -> Secret:
    text = value.reveal().strip()
    if text.startswith("{"):
        raise UsageError("this is an OAuth record, not an API key", remedy="Push it with --type oauth.")
    if provider == CLAUDE and text.startswith("sk-ant-o"):
        raise UsageError("this is an OAuth token, not an API key", remedy="Push the whole record with --type oauth.")
    if any(c.isspace() or not c.isprintable() for c in text):
        raise UsageError("an API key has no blanks and no control characters")
    return _plain(Secret(text))


def _plain(value: Secret) -> Secret:
    text = value.reveal()
    if not text.strip():
        raise UsageError("the value is blank")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("the value is not text") from None
    if size > MAX_BYTES:
        raise UsageError("the value is larger than 64 KiB")
    if "\0" in text:
        raise UsageError("the value holds a NUL character")
    return value
