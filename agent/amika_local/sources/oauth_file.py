"""The one shape that Gemini CLI, Qwen Code and Kimi share: a flat file with an access token and its end."""

from amika_local.document import string
from amika_local.expiry import epoch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place


def login(document: "dict[str, object]", place: "Place", *, provider: str, expiry: str) -> "list[Credential | Problem]":
    """Return the login whose end stands in the field `expiry` (epoch seconds or milliseconds)."""
    token = string(document, "access_token")
    if not token:
        return [place.blank()] if isinstance(document.get("access_token"), str) else []
    return [place.token(provider, token, expires_at=epoch(document.get(expiry), expiry))]
