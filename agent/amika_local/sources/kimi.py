"""Kimi's login; it says its end in seconds."""

from amika_local.sources.oauth_file import login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the login of `kimi-code.json`; its `expires_at` may have a fraction, which is cut off."""
    end = document.get("expires_at")
    whole = {**document, "expires_at": int(end)} if isinstance(end, float) else document
    return login(whole, place, provider="kimi", expiry="expires_at")
