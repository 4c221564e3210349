"""Reading the fields of a request body, strictly: a wrong type is named, its value never."""

from __future__ import annotations

from collections.abc import Mapping

from amika_agent.workspace.api_error import ApiError
from amika_agent.workspace.plain_text import has_controls

LONGEST_NAME = 255


def name_field(body: Mapping[str, object], field: str = "name") -> str:
    """Return a name: text that is not blank, at most 255 characters, no control characters.

    Raises:
        ApiError: 400, naming the field.

    """
    value = body.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _bad(field, "must be a text that is not blank")
    if len(value) > LONGEST_NAME or has_controls(value):
        raise _bad(field, f"must have at most {LONGEST_NAME} characters, no control characters among them")
    return value


def text_field(body: Mapping[str, object], field: str) -> str:
    """Return a text of any content that can be stored as UTF-8. Raises ApiError (400), naming the field."""
    value = body.get(field)
    if not isinstance(value, str):
        raise _bad(field, "must be a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _bad(field, "must be text that can be stored as UTF-8") from None
    return value


def optional_text(body: Mapping[str, object], field: str) -> str | None:
    """Return a text or None when the field is absent, null or blank. Raises ApiError (400), naming the field."""
    return None if body.get(field) is None else text_field(body, field).strip() or None


def choice_field(body: Mapping[str, object], field: str, choices: tuple[str, ...], default: str | None = None) -> str:
    """Return one of `choices`; `default` when the field is absent. Raises ApiError (400), naming the field."""
    value = body.get(field, default)
    if not isinstance(value, str) or value not in choices:
        raise _bad(field, f"must be one of: {', '.join(choices)}")
    return value


def _bad(field: str, why: str) -> ApiError:
    return ApiError(400, "invalid_request", f"The field `{field}` {why}.")
