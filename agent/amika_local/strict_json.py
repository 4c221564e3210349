"""A JSON parser that follows Go's rules by itself, one level of Python stack whatever the nesting.

It is slow (about a microsecond a token) and reads only the few documents that the C scanner cannot be trusted with:
deep ones, and ones with numbers near the end of the range.
"""

from _json import scanstring

MAX_DEPTH = 10_000

# CPython's scanner names its error in json.decoder; before 3.12 it does not load that module, and without it (it costs
# 5 ms) the same error arrives as a SystemError
SYNTAX_ERRORS = (ValueError, SystemError)

_BLANKS = " \t\n\r"
_DIGITS = "0123456789"
_WORDS = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
_END = object()


class DocumentError(ValueError):
    """A file is not JSON by Go's rules. The text completes "FILE …", names the line, and quotes nothing."""


def parse(text: str) -> object:
    """Return the value of a whole document.

    Raises:
        DocumentError: syntax, a number out of range, or more than 10,000 levels.

    """
    value, at = _value(text, _skip(text, 0))
    if _skip(text, at) != len(text):
        raise broken(text, at)
    return value


def broken(text: str, at: int) -> DocumentError:
    """Return the error for the place `at`."""
    return DocumentError(f"is not valid JSON (line {text.count(chr(10), 0, at) + 1})")


def _value(text: str, at: int) -> "tuple[object, int]":
    stack: list[tuple[object, object]] = []  # open containers; the key a container waits with, _END in an array
    while True:
        opener = text[at : at + 1]
        if opener in ("{", "["):
            if len(stack) >= MAX_DEPTH:
                raise DocumentError("is nested more than 10,000 levels deep")
            inner = _skip(text, at + 1)
            if text[inner : inner + 1] != ("}" if opener == "{" else "]"):
                key, at = _key(text, inner) if opener == "{" else (_END, inner)
                stack.append(({} if opener == "{" else [], key))
                continue
            empty: object = {} if opener == "{" else []
            whole, at, done = _close(text, inner + 1, stack, empty)
        else:
            scalar, at = _scalar(text, at, opener)
            whole, at, done = _close(text, at, stack, scalar)
        if done:
            return whole, at


def _close(text: str, at: int, stack: "list[tuple[object, object]]", value: object) -> "tuple[object, int, bool]":
    """Put a finished value where it belongs; return (value, where to go on, whether the document is complete)."""
    while stack:
        container, key = stack[-1]
        if isinstance(container, dict):
            container[key] = value
        elif isinstance(container, list):
            container.append(value)
        at = _skip(text, at)
        mark = text[at : at + 1]
        if mark == ",":
            at = _skip(text, at + 1)
            if isinstance(container, dict):
                key, at = _key(text, at)
                stack[-1] = (container, key)
            return None, at, False
        if mark != ("}" if isinstance(container, dict) else "]"):
            raise broken(text, at)
        stack.pop()
        value, at = container, at + 1
    return value, at, True


def _key(text: str, at: int) -> "tuple[str, int]":
    if text[at : at + 1] != '"':
        raise broken(text, at)
    key, at = _string(text, at)
    at = _skip(text, at)
    if text[at : at + 1] != ":":
        raise broken(text, at)
    return key, _skip(text, at + 1)


def _scalar(text: str, at: int, first: str) -> "tuple[object, int]":
    if first == '"':
        return _string(text, at)
    if first in _WORDS:
        word, value = _WORDS[first]
        if text.startswith(word, at):
            return value, at + len(word)
        raise broken(text, at)
    return _number(text, at)


def _string(text: str, at: int) -> "tuple[str, int]":
    try:
        found: tuple[str, int] = scanstring(text, at + 1, True)  # noqa: FBT003 -- the C function takes no keywords
    except SYNTAX_ERRORS:
        raise broken(text, at) from None
    return found


def _number(text: str, at: int) -> "tuple[int | float, int]":
    start = at
    at += text[at : at + 1] == "-"
    end = at + 1 if text[at : at + 1] == "0" else _digits(text, at)
    whole = True
    if text[end : end + 1] == ".":
        whole, end = False, _digits(text, end + 1)
    if text[end : end + 1] in ("e", "E"):
        sign = text[end + 1 : end + 2] in ("+", "-")
        whole, end = False, _digits(text, end + 1 + sign)
    value = float(text[start:end])
    if value in (float("inf"), float("-inf")):
        raise DocumentError("has a number that is out of range")
    return (int(text[start:end]) if whole else value), end


def _digits(text: str, at: int) -> int:
    end = at
    while text[end : end + 1] in _DIGITS and end < len(text):
        end += 1
    if end == at:
        raise broken(text, at)
    return end


def _skip(text: str, at: int) -> int:
    size = len(text)
    while at < size and text[at] in _BLANKS:
        at += 1
    return at
