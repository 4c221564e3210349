"""Claude Code's subscription login: `.credentials.json`, and the file older versions wrote."""

from amika_local.document import field, string
from amika_local.expiry import epoch_or_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the login, or a problem when its record is blank (as a lost refresh race leaves it)."""
    token = string(document, "claudeAiOauth", "accessToken")
    login = document.get("claudeAiOauth")
    if not isinstance(login, dict):
        return []
    if not token:
        return [place.blank()] if isinstance(login.get("accessToken"), str) else []
    expires_at = epoch_or_text(field(document, "claudeAiOauth", "expiresAt"), "claudeAiOauth.expiresAt")
    if expires_at == 0:
        return [place.blank()]
    # the MCP tokens and plug-in secrets beside it are nobody else's business
    record: dict[str, object] = {"claudeAiOauth": login}
    return [place.token("anthropic", token, expires_at=expires_at, record=record, claude=True)]


def account(document: "dict[str, object]") -> "str | None":
    """Return the e-mail that `.claude.json` names, or None."""
    held = document.get("oauthAccount")
    email = held.get("emailAddress") if isinstance(held, dict) else None
    return email if isinstance(email, str) and email else None
