"""Codex's `auth.json`: an API key, a ChatGPT login, or both."""

from amika_local import rfc3339
from amika_local.document import FieldError, string
from amika_local.jwt_claims import claims

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

_TOKENS = ("id_token", "access_token", "refresh_token", "account_id")


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the API key first, as Codex prefers it, then the login."""
    key = string(document, "OPENAI_API_KEY")
    found: list[Credential | Problem] = [place.api_key("openai", key)] if key else []
    if not place.oauth:
        return found
    try:
        found += _login(document, place)
    except FieldError:
        if not found:  # beside an API key Codex does not read the tokens either
            raise
    if not found and _is_blank(document):
        return [place.blank()]
    return found


def _login(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    token = string(document, "tokens", "access_token")
    tokens = document.get("tokens")
    if not token or not isinstance(tokens, dict):
        return []
    refreshed = document.get("last_refresh")
    return [
        place.token(
            "openai",
            token,
            expires_at=expires_at(token),
            issued_at=rfc3339.parse(refreshed) if isinstance(refreshed, str) else None,
            account=_email(tokens),
            record=record(document, tokens),
        )
    ]


def record(document: "dict[str, object]", tokens: "dict[str, object]") -> "dict[str, object]":
    """Return the part of `auth.json` that a receiver of the login needs; `tokens` is the document's."""
    mode = document.get("auth_mode")
    return {
        "auth_mode": mode if isinstance(mode, str) and not mode.startswith("api") else "chatgpt",
        "OPENAI_API_KEY": None,
        "tokens": {name: tokens[name] for name in _TOKENS if name in tokens},
        "last_refresh": document.get("last_refresh"),
    }


def _email(tokens: "dict[str, object]") -> "str | None":
    held = tokens.get("id_token")
    known = claims(held) if isinstance(held, str) else {}
    profile = known.get("https://api.openai.com/profile")
    for email in (known.get("email"), profile.get("email") if isinstance(profile, dict) else None):
        if isinstance(email, str) and email:
            return email
    return None


def expires_at(token: str) -> "float | None":
    """Return when an access token expires, epoch seconds, or None when it does not say."""
    value = claims(token).get("exp")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 < value < 1e15 else None


def _is_blank(document: "dict[str, object]") -> bool:
    tokens = document.get("tokens")
    held = tokens.get("access_token") if isinstance(tokens, dict) else None
    return isinstance(held, str) or isinstance(document.get("OPENAI_API_KEY"), str)
