"""Expiry times as the tools write them: epoch milliseconds, epoch seconds, RFC 3339 text."""

from amika_local import rfc3339
from amika_local.document import FieldError, text_of, trim

# 1e11 ms is March 1973 and 1e11 s is the year 5138: what is smaller was meant as seconds
_SECONDS_BELOW = 1e11
_INT64 = 2.0**63


def epoch(value: object, field: str) -> "float | None":
    """Return epoch seconds of a number, or None for null.

    A number that Go's int64 cannot hold counts as long past, as it does there.

    Raises:
        FieldError: neither null nor a whole number; the text names `field`.

    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise FieldError(f"{field} is not a whole number of milliseconds")
    number = float(value)
    if not -_INT64 <= number < _INT64:
        return 0.0
    return number if abs(number) < _SECONDS_BELOW else number / 1000


def epoch_or_text(value: object, field: str) -> "float | None":
    """Return epoch seconds of a number or of RFC 3339 text, or None for null and blank text.

    Raises:
        FieldError: anything else; the text names `field`.

    """
    if not isinstance(value, str):
        return epoch(value, field)
    text = trim(text_of(value))
    if not text:
        return None
    instant = _instant(text)
    if instant is None:
        raise FieldError(f"{field} is no time (RFC 3339)")
    return instant


def _instant(text: str) -> "float | None":
    """Return epoch seconds by the rules of Go's time.Parse(RFC3339), which differ a little from the RFC."""
    if text[12:13] == ":":  # one digit of hours is enough for Go
        text = text[:11] + "0" + text[11:]
    if text[19:20] == ",":
        text = text[:19] + "." + text[20:]
    if text[10:11] != "T" or text[17:19] == "60":
        return None
    if text.endswith("Z"):
        return rfc3339.parse(text)
    offset = _offset(text[-6:])
    moment = None if offset is None else rfc3339.parse(text[:-6] + "Z")
    return None if moment is None or offset is None else moment - offset


def _offset(zone: str) -> "int | None":
    """Return seconds east of UTC for ±hh:mm; Go takes 24 hours and 60 minutes too."""
    hours, minutes = zone[1:3], zone[4:6]
    if len(zone) != 6 or zone[0] not in "+-" or zone[3] != ":" or not (hours + minutes).isascii():
        return None
    if not (hours.isdigit() and minutes.isdigit()) or int(hours) > 24 or int(minutes) > 60:
        return None
    return (int(hours) * 3600 + int(minutes) * 60) * (-1 if zone[0] == "-" else 1)
