"""Claude Code's login in the macOS keychain."""

from amika_local.keychain import document
from amika_local.sources import claude_oauth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

SERVICE = "Claude Code-credentials"


def parse(content: bytes, place: "Place") -> "list[Credential | Problem]":
    """Return the login of the item's secret: the JSON of `.credentials.json`.

    Raises:
        DocumentError: it is none.
        FieldError: a field of the wrong type.

    """
    return claude_oauth.parse(document(content), place)


account = claude_oauth.account


def item(env: "Mapping[str, str]", _home: str) -> "tuple[str, str]":
    """Return service and account of the item."""
    return service(env.get("CLAUDE_CONFIG_DIR", "")), env.get("USER", "")


def service(config_dir: str) -> str:
    """Return the item's service name; a CLAUDE_CONFIG_DIR of one's own has an item of its own."""
    if not config_dir:
        return SERVICE
    import hashlib
    import unicodedata

    name = unicodedata.normalize("NFC", config_dir).encode("utf-8", "surrogateescape")  # any bytes may be a path
    return f"{SERVICE}-{hashlib.sha256(name).hexdigest()[:8]}"
