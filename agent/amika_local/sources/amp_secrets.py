"""Amp's `secrets.json` of today: "apiKey@SERVER" -> an Amp token."""

from amika_local.document import string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

_PREFIX = "apiKey@"
_SERVER = "apiKey@https://ampcode.com/"


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the token for ampcode.com, else the one of the first other server in bytewise order."""
    names = sorted((name for name in document if name.startswith(_PREFIX)), key=lambda name: (name != _SERVER, name))
    for name in names:
        value = string({"apiKey": document[name]}, "apiKey")
        if value:
            return [place.api_key("amp", value)]
    return [place.blank()] if names else []
