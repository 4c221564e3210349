"""Amika's own flat files: env cache, keychain file, OAuth file. VARIABLE -> value."""

from amika_local.credential import Credential, Problem
from amika_local.document import text_of, trim
from amika_local.providers import shown, upper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.sources.place import Place, Skipped

_SUFFIX = "_API_KEY"
_ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def parse(document: "dict[str, object]", place: "Place") -> "list[Credential | Problem | Skipped]":
    """Return one credential a variable, in bytewise order; what is no text is somebody's metadata and skipped.

    In the env cache an entry that we derived from another source is marked, and gives nothing: a copy must not
    outlive, nor outrank, what it was copied from.
    """
    mirrored = _mirrored(document) if place.row.id == "env-cache" else {}
    found: list[Credential | Problem | Skipped] = []
    for key in sorted(document):
        held = document[key]
        if not isinstance(held, str):
            continue
        value = trim(text_of(held))
        provider = _provider(key)
        if not value or provider is None:
            continue
        if not provider.isascii():
            found.append(_odd(key, place))
        elif place.row.id == "env-cache" and (mirrored.get(key) == held or _was_ours(key, held, place)):
            found.append(place.skipped(provider, "derived", "a copy that the agent derived from another source"))
        elif place.row.oauth:
            found.append(place.token(provider, value))
        else:
            found.append(place.api_key(provider, value))
    return found


def _provider(key: str) -> "str | None":
    """Return what stands before _API_KEY, or None when the key is no such variable."""
    name = trim(key)
    provider = name[: -len(_SUFFIX)]
    if not provider or upper(name[-len(_SUFFIX) :]) != _SUFFIX:
        return None
    return provider if not provider.isascii() or _ALLOWED.issuperset(upper(provider)) else None


def _mirrored(document: "dict[str, object]") -> "dict[str, object]":
    mark = document.get("_amika")
    env = mark.get("env") if isinstance(mark, dict) else None
    if not isinstance(env, dict):
        return {}
    return {key: entry.get("value") for key, entry in env.items() if isinstance(entry, dict)}


def _was_ours(key: str, value: str, place: "Place") -> bool:
    """Tell whether the entry is a copy of ours whose mark another program dropped."""
    return place.is_mirrored is not None and place.is_mirrored(key, value)


def _odd(key: str, place: "Place") -> Problem:
    return Problem(
        "name",
        f"{place.path}: the name {shown(key)} is left out: only ASCII letters make a variable",
        source=place.row.id,
        path=place.path,
        remedy="Rename it in that file.",
    )
