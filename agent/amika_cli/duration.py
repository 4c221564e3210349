"""Lengths of time and moments as people type them: "90s", "30m", "1h", "2d", "1w", "2026-11-21"."""

from amika_local.errors import UsageError

_UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = 366 * 86400
_FORMS = "Write it like 30m, 1h, 2d or 1w."


def seconds(text: str) -> float:
    """Return a length of time in seconds.

    Raises:
        UsageError: no such form, zero, or more than a year.

    """
    digits = text.strip().rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text.strip()[len(digits) :]
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9 and unit in _UNITS):
        raise UsageError("that is no length of time", remedy=_FORMS)
    length = int(digits) * _UNITS[unit]
    if not 0 < length <= _LONGEST:
        raise UsageError("a length of time must be more than nothing and at most a year", remedy=_FORMS)
    return float(length)


def since(text: str, now: float) -> float:
    """Return the moment (epoch seconds) that `text` means: a date, an instant, or so long before `now`.

    Raises:
        UsageError: no such form.

    """
    from datetime import datetime

    if text[:1].isdecimal() and "-" in text:
        try:
            return datetime.fromisoformat(text).astimezone().timestamp()
        except (ValueError, OverflowError, OSError):
            raise UsageError("that is no date", remedy="Write it like 2026-11-21 or 2026-11-21T09:00.") from None
    try:
        return now - seconds(text)
    except UsageError as error:
        raise UsageError(f"{error.message} and no date", remedy="Write it like 30m, 1h, 2d or 2026-11-21.") from None
