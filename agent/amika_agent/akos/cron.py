"""A time plan: "0 9 * * 1-5". Checked, never run. Pure."""

from __future__ import annotations

import re

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# name, first, last, words for the numbers from the first on
_FIELDS = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _DAYS),
)
_PART = re.compile(r"([*?]|\w+)(?:-(\w+))?(?:/([0-9]{1,3}))?")
# last day, nearest weekday, last or n-th weekday of the month: what some programs add
_SPECIAL = {"day": re.compile(r"L|LW|([0-9]{1,2})W"), "weekday": re.compile(r"([0-7])L|([0-7])#[1-5]")}


def trouble(text: str) -> str:
    """Return what is wrong with a time plan, or "": five fields, or six with the second first."""
    parts = text.split()
    if len(parts) not in (5, 6):
        return 'must be five fields of a time plan, like "0 9 * * 1-5"'
    for part, field in zip(parts, _FIELDS[-len(parts) :], strict=True):
        for one in part.split(","):
            if not _is_valid(one.upper(), *field):
                return f"has a {field[0]} that is none: it takes * or numbers from {field[1]} to {field[2]}"
    return ""


def _is_valid(text: str, name: str, first: int, last: int, words: tuple[str, ...]) -> bool:
    if name in _SPECIAL and _SPECIAL[name].fullmatch(text):
        return True
    match = _PART.fullmatch(text)
    if match is None:
        return False
    start, end, step = match.groups()
    if step is not None and not 0 < int(step) <= last:
        return False
    if start == "*" or (start == "?" and name in _SPECIAL):
        return end is None
    numbers = [_number(word, first, words) for word in (start, end) if word is not None]
    return all(first <= number <= last for number in numbers) and numbers == sorted(numbers)


def _number(word: str, first: int, words: tuple[str, ...]) -> int:
    if word in words:
        return words.index(word) + first
    return int(word) if word.isascii() and word.isdecimal() and len(word) <= 2 else -1
