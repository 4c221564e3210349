"""Qwen Code's login."""

from amika_local.sources.oauth_file import login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the login of `oauth_creds.json`."""
    return login(document, place, provider="qwen", expiry="expiry_date")
