"""Claude Code's configuration, where an API key may be kept."""

from amika_local.document import string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

FIELDS = ("primaryApiKey", "apiKey", "anthropicApiKey", "customApiKey")


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem]":
    """Return the first field that holds an Anthropic key; later fields are not even looked at."""
    for name in FIELDS:
        value = string(document, name)
        if value.startswith("sk-ant-"):
            return [place.api_key("anthropic", value)]
    return []
