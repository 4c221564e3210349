"""What leaves this machine for a credential: the part a receiver needs, and nothing beside it."""

from __future__ import annotations

import json
from typing import Any

from amika_agent.sync.rules import CLAUDE, GENERIC, Rule
from amika_local.credential import OAUTH, Credential
from amika_local.document import FieldError
from amika_local.errors import UsageError
from amika_local.expiry import epoch_or_text
from amika_local.secret import Secret
from amika_local.sources import codex

MAX_BYTES = 64 * 1024
_SIGN_IN = "Sign in again with its own tool."


def payload(rule: Rule, credential: Credential) -> Secret:
    """Return what the rule sends for a discovered credential.

    Raises:
        UsageError: blank, malformed or too large: it must not be sent. The text holds nothing of the value.

    """
    if rule.provider == GENERIC:
        return plain_value(credential.value)
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
    return plain_value(Secret(json.dumps(record, separators=(",", ":"), ensure_ascii=False)))


def expiry(provider: str, type_: str, value: Secret) -> float | None:
    """Return when a value that `checked_value` gave expires, epoch seconds, or None when it does not say."""
    if type_ != OAUTH:
        return None
    record = _record(provider, value)
    if provider != CLAUDE:
        return codex.expires_at(record["tokens"]["access_token"])
    return epoch_or_text(record["claudeAiOauth"].get("expiresAt"), "expiresAt")


def renews(provider: str, type_: str, value: Secret) -> bool:
    """Tell whether a value that `checked_value` gave holds the token that renews it: then two machines share it."""
    if type_ != OAUTH:
        return False
    record = _record(provider, value)
    token = record["claudeAiOauth"].get("refreshToken") if provider == CLAUDE else record["tokens"].get("refresh_token")
    return bool(token)


def _record(provider: str, value: Secret) -> dict[str, Any]:
    text = value.reveal().strip()
    if not text:
        raise UsageError("the value is blank", remedy="Pass one that is not.")
    try:
        found = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UsageError("an OAuth record must be a JSON object", remedy="A key is pushed with --type api_key.")
    return _claude(found) if provider == CLAUDE else _codex(found)


def _no_json(word: str) -> object:
    raise ValueError(f"{word} is not JSON")  # Python reads and writes it; no other receiver does


def _claude(found: dict[str, Any]) -> dict[str, Any]:
    oauth = found.get("claudeAiOauth", found if "accessToken" in found else None)
    if not isinstance(oauth, dict):
        raise UsageError(
            "this is no Claude OAuth record: it has no claudeAiOauth object",
            remedy="Name Claude's .credentials.json, or pass a key with --type api_key.",
        )
    _need(oauth, "accessToken", "claudeAiOauth")
    try:
        ends = epoch_or_text(oauth.get("expiresAt"), "claudeAiOauth.expiresAt")
    except FieldError as error:
        raise UsageError(f"the record is malformed: {error}", remedy=_SIGN_IN) from None
    if ends == 0:
        raise UsageError("the record is blank: claudeAiOauth.expiresAt is 0, its login is lost", remedy=_SIGN_IN)
    return {"claudeAiOauth": dict(oauth)}


def _codex(found: dict[str, Any]) -> dict[str, Any]:
    tokens = found.get("tokens")
    if not isinstance(tokens, dict):
        raise UsageError(
            "this is no Codex OAuth record: it has no tokens object",
            remedy="Name Codex's auth.json, or pass a key with --type api_key.",
        )
    _need(tokens, "access_token", "tokens")
    return codex.record(found, tokens)


def _need(tokens: dict[str, Any], field: str, where: str) -> None:
    token = tokens.get(field)
    if not isinstance(token, str) or not token.strip():
        raise UsageError(f"the record is blank: {where}.{field} is missing or empty", remedy=_SIGN_IN)


def _api_key(provider: str, value: Secret) -> Secret:
    text = value.reveal().strip()
    if text.startswith("{"):
        raise UsageError("this is an OAuth record, not an API key", remedy="Push it with --type oauth.")
    if provider == CLAUDE and text.startswith("sk-ant-o"):
        raise UsageError("this is an OAuth token, not an API key", remedy="Push the whole record with --type oauth.")
    if text[:1] in ('"', "'", "[") or any(c.isspace() or not c.isprintable() for c in text):
        raise UsageError(
            "this is no API key: a key has no quotes or brackets around it, no blanks and no control characters",
            remedy="Pass the key alone.",
        )
    return plain_value(Secret(text))


def plain_value(value: Secret) -> Secret:
    """Return the value of a secret if it can be sent and put into an environment.

    Raises:
        UsageError: blank, no text, larger than 64 KiB, or with a NUL character.

    """
    text = value.reveal()
    if not text.strip():
        raise UsageError("the value is blank", remedy="Pass one that is not.")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError("the value is not text", remedy="Pass UTF-8 text.") from None
    if size > MAX_BYTES:
        raise UsageError("the value is larger than 64 KiB", remedy="Keep large files elsewhere and store their key.")
    if "\0" in text:
        raise UsageError("the value holds a NUL character", remedy="No environment can carry it; pass text.")
    return value
