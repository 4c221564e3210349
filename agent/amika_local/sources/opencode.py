"""OpenCode's `auth.json`: provider -> key or login."""

from amika_local.document import FieldError, string
from amika_local.expiry import epoch
from amika_local.providers import canonical, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the entries in bytewise order of their names; types other than `api` and `oauth` give nothing.

    Raises:
        FieldError: an entry is no object, or a field of it has a wrong type.

    """
    found: list[Credential | Problem] = []
    for name in sorted(document):
        entry = document[name]
        if entry is None:
            continue
        if not isinstance(entry, dict):
            raise FieldError(f"the entry {shown(name)} is not an object")
        try:
            found += _entry(name, entry, place)
        except FieldError as error:
            raise FieldError(f"the entry {shown(name)}: {error}") from None
    return found


def _entry(name: str, entry: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    kind = string(entry, "type").lower()
    if kind not in ("api", "oauth") or not canonical(name):
        return []
    if kind == "api":
        key = string(entry, "key")
        return [place.api_key(name, key) if key else place.blank(shown(name))]
    if not place.oauth:
        return []
    token = string(entry, "access")
    if not token:
        return [place.blank(shown(name))]
    return [place.token(name, token, expires_at=epoch(entry.get("expires"), "expires"))]
