"""Settings as a person types and reads them."""

from amika_local.errors import NotFound, UsageError
from amika_shared.settings_schema import SCHEMA, Setting, find, from_text


def named(key: str) -> Setting:
    """Return the setting of that name.

    Raises:
        NotFound: there is none; names the nearest.

    """
    setting = find(key)
    if setting is None:
        from difflib import get_close_matches

        close = get_close_matches(key, [s.key for s in SCHEMA], 1, 0.4)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise NotFound(f"there is no such setting{hint}", remedy="`amika config list` shows them all.")
    return setting


def parsed(setting: Setting, text: str) -> object:
    """Return the value of what was typed.

    Raises:
        UsageError: it is none for this setting.

    """
    try:
        return from_text(setting, text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def shown(value: object) -> str:
    """Return a value as `amika config set` would take it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)
