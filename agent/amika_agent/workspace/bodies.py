"""Request bodies as mappings; whatever is wrong with one becomes an answer, never an exception's text."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

_MOST_FIELDS = 50


class BadBodyError(Exception):
    """The body cannot be read; the text says why, for the person."""


def json_object(raw: bytes) -> dict[str, object]:
    """Return the JSON object of a body. Raises BadBodyError."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadBodyError("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise BadBodyError("The body is not a JSON object.")
    return value


def form_fields(raw: bytes) -> dict[str, str]:
    """Return the fields of a form body; a field given twice is refused, as OAuth wants. Raises BadBodyError."""
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadBodyError("The body is not a form.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadBodyError("A field is given twice.")
    return fields


def text_fields(raw: bytes, content_type: str) -> dict[str, str]:
    """Return the text fields of a form or JSON body; null counts as absent. Raises BadBodyError."""
    if "json" not in content_type.lower():
        return form_fields(raw)
    fields = {name: value for name, value in json_object(raw).items() if value is not None}
    if not all(isinstance(value, str) for value in fields.values()):
        raise BadBodyError("Every field must be a text.")
    return {name: value for name, value in fields.items() if isinstance(value, str)}
