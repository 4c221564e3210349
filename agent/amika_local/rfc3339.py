"""RFC 3339 instants without `datetime`: the start-up path of `auth status` counts milliseconds."""

import time


def parse(text: str) -> "float | None":
    """Return epoch seconds of `2026-01-31T12:00:00[.123](Z|±hh:mm)`, or None when the text is no such instant."""
    head, tail = text[:19], text[19:]
    if len(head) != 19 or head[4] + head[7] + head[13] + head[16] != "--::" or head[10] not in "Tt ":
        return None
    parts = (head[0:4], head[5:7], head[8:10], head[11:13], head[14:16], head[17:19])
    if not all(_digits(part) for part in parts):
        return None
    year, month, day, hour, minute, second = (int(part) for part in parts)
    fraction, zone = _fraction(tail)
    offset = _offset(zone)
    if offset is None or fraction is None or not _plausible(year, month, day, hour, minute, second):
        return None
    return _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset + fraction


def text(epoch: float) -> str:
    """Return the instant in UTC, whole seconds (rounded down), ending in Z."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch // 1))
    except (OverflowError, ValueError, OSError):
        return ""


def _digits(part: str) -> bool:
    return part.isascii() and part.isdigit()


def _fraction(tail: str) -> "tuple[float | None, str]":
    if not tail.startswith("."):
        return 0.0, tail
    count = 1
    while count < len(tail) and _digits(tail[count]):
        count += 1
    return (float("0" + tail[:count]) if count > 1 else None), tail[count:]


def _offset(zone: str) -> "int | None":
    if zone in ("Z", "z"):
        return 0
    if len(zone) != 6 or zone[0] not in "+-" or zone[3] != ":" or not (_digits(zone[1:3]) and _digits(zone[4:6])):
        return None
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * (-1 if zone[0] == "-" else 1)


def _plausible(year: int, month: int, day: int, hour: int, minute: int, second: int) -> bool:
    if not (1 <= month <= 12 and day >= 1 and hour <= 23 and minute <= 59 and second <= 60):
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01 in the proleptic Gregorian calendar (years begin in March here)."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + day_of_year - 719468
