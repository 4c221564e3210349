"""Amp's configuration of old, where an Anthropic key may be kept under many names."""

from amika_local.document import string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

FIELDS = (
    ("anthropicApiKey",),
    ("anthropic_api_key",),
    ("apiKey",),
    ("api_key",),
    ("accessToken",),
    ("access_token",),
    ("token",),
    ("auth", "anthropicApiKey"),
    ("auth", "apiKey"),
    ("auth", "token"),
    ("anthropic", "apiKey"),
    ("anthropic", "token"),
)


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the first field that is not blank; later fields are not even looked at."""
    for path in FIELDS:
        value = string(document, *path)
        if value:
            return [place.api_key("anthropic", value)]
    return []
