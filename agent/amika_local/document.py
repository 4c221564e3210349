"""JSON as the Go `amika` CLI understands it, without the `json` package (it loads `re`: 5 ms of every shell's start).

The C scanner does the work; where it and Go differ it gets stricter rules, and nesting that is too deep for it goes to
`strict_json`. What Go refuses is refused: NaN and Infinity, numbers out of range, more than 10,000 levels. What Go
repairs is repaired: invalid UTF-8 (one U+FFFD a byte) and lone surrogates. A byte order mark is accepted.
"""

import codecs
import gc
from _json import encode_basestring_ascii, make_scanner
from io import StringIO

from amika_local import strict_json
from amika_local.strict_json import SYNTAX_ERRORS, DocumentError, broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DocumentError", "FieldError", "dumps", "field", "parse", "parse_object", "string", "text_of", "trim"]

# Go's unicode.IsSpace; unlike str.strip() it leaves U+001C-U+001F alone
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_BLANKS = " \t\n\r"
_LARGE = 1 << 20
_INFINITE = (float("inf"), float("-inf"))

# Only a run of 309 digits or an exponent leaves the range of a double. Of such a run every 20th byte is a digit, 15
# times in a row: looking at those first keeps the check below a hundredth of the parse.
_STEP = 20
_SPARSE_RUN = b"0" * 15
_RUN = b"0" * 309
_AS_ZERO = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))


class FieldError(ValueError):
    """A field that is read has another type than it must. The text names the field, never its value."""


def parse(data: bytes, *, numbers: bool = True, deep: "Callable[[str], object]" = strict_json.parse) -> object:
    """Return the JSON value that a whole file holds.

    Args:
        data: the file's bytes.
        numbers: False when no number of this document will be read: fractions then come out as some integer, which
            saves a second pass over a large file.
        deep: reads what is nested too deeply for the C scanner.

    Raises:
        DocumentError: not JSON by Go's rules. The text completes "FILE …" and quotes nothing.

    """
    text = _decoded(data)
    start = 0
    while text[start : start + 1] and text[start] in _BLANKS:
        start += 1
    if start == len(text):
        raise DocumentError("is empty")
    paused = len(data) > _LARGE and gc.isenabled()
    if paused:
        gc.disable()  # a tree under construction holds no garbage; looking for it costs a third of the time
    try:
        return _scanned(text, start, data, numbers=numbers)
    except RecursionError:
        return deep(text)
    finally:
        if paused:
            gc.enable()


def parse_object(
    data: bytes, *, numbers: bool = True, deep: "Callable[[str], object]" = strict_json.parse
) -> "dict[str, object]":
    """Return the JSON object that a whole file holds; see `parse`.

    Raises:
        DocumentError: not JSON by Go's rules, or JSON of another type.

    """
    value = parse(data, numbers=numbers, deep=deep)
    if not isinstance(value, dict):
        raise DocumentError("is not a JSON object")
    return value


def _scanned(text: str, start: int, data: bytes, *, numbers: bool) -> object:
    if _has_long_run(data):
        return _scan(text, start, _finite, _finite_integer)
    fractions = StringIO()
    value = _scan(text, start, fractions.write, int)  # in one pass: keeps the text of fractions, and puts a length
    seen = fractions.getvalue()
    if seen and _may_overflow(seen):
        return _scan(text, start, _finite, int)
    return _scan(text, start, float, int) if seen and numbers else value


def _scan(text: str, start: int, parse_float: object, parse_int: object) -> object:
    try:
        value, end = make_scanner(_Rules(parse_float, parse_int))(text, start)  # type: ignore[arg-type]  # duck-typed
    except DocumentError:
        raise
    except StopIteration as stop:
        raise broken(text, stop.value) from None
    except SYNTAX_ERRORS as error:
        raise _placed(text, error) from None
    rest = text[end:].lstrip(_BLANKS)
    if rest:
        raise broken(text, len(text) - len(rest))
    return value


def _placed(text: str, error: Exception) -> DocumentError:
    """Return the error with its line: from the scanner, or by reading a small document once more."""
    at = getattr(error, "pos", None)
    if at is not None:
        return broken(text, at)
    if len(text) < _LARGE:
        try:
            strict_json.parse(text)
        except DocumentError as found:
            return found
    return DocumentError("is not valid JSON")


class _Rules:
    """What the C scanner asks for."""

    __slots__ = ("memo", "object_hook", "object_pairs_hook", "parse_constant", "parse_float", "parse_int", "strict")

    def __init__(self, parse_float: object, parse_int: object) -> None:
        self.strict = True
        self.object_hook = None
        self.object_pairs_hook = None
        self.parse_float = parse_float
        self.parse_int = parse_int
        self.parse_constant = _refused
        self.memo: dict[str, str] = {}


def _refused(_name: str) -> object:
    raise DocumentError("has NaN or Infinity, which JSON does not know")


def _finite(text: str) -> float:
    value = float(text)
    if value in _INFINITE:
        raise DocumentError("has a number that is out of range")
    return value


def _finite_integer(text: str) -> int:
    _finite(text)
    return int(text)


def _may_overflow(fractions: str) -> bool:
    exponents = fractions.count("e") + fractions.count("E")
    return exponents != fractions.count("e-") + fractions.count("E-")


def _has_long_run(data: bytes) -> bool:
    if _SPARSE_RUN not in data[::_STEP].translate(_AS_ZERO):
        return False
    return _RUN in data.translate(_AS_ZERO)


def _decoded(data: bytes) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError:
        codecs.register_error("amika-go", _one_a_byte)
        return data.decode(errors="amika-go")


def _one_a_byte(error: UnicodeError) -> "tuple[str, int]":
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd" * (error.end - error.start), error.end


def text_of(value: str) -> str:
    """Return the text with every lone surrogate replaced by U+FFFD."""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def trim(value: str) -> str:
    """Return the text without the white space around it that Go's TrimSpace takes."""
    return value.strip(_SPACE)


def field(document: "dict[str, object]", *path: str) -> object:
    """Return the value at a path of keys, or None when it or anything above it is missing or null.

    Raises:
        FieldError: something above it is not an object.

    """
    value: object = document
    for depth, key in enumerate(path):
        if value is None:
            return None
        if not isinstance(value, dict):
            raise FieldError(f"{'.'.join(path[:depth])} is not an object")
        value = value.get(key)
    return value


def string(document: "dict[str, object]", *path: str) -> str:
    """Return the text at a path of keys, trimmed; "" when it is missing or null.

    Raises:
        FieldError: it is no text, or something above it is not an object.

    """
    value = field(document, *path)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise FieldError(f"{'.'.join(path)} is not a text")
    return trim(text_of(value))


def dumps(value: object) -> str:
    """Return a value that `parse` gave as JSON text in one line, ASCII only; any depth."""
    out: list[str] = []
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, _Text):
            out.append(item)
        elif isinstance(item, dict):
            todo.append(_Text("}"))
            for place, (key, held) in reversed(list(enumerate(item.items()))):
                todo += [held, _Text((", " if place else "") + encode_basestring_ascii(key) + ": ")]
            out.append("{")
        elif isinstance(item, list):
            todo.append(_Text("]"))
            for place, held in reversed(list(enumerate(item))):
                todo.append(held)
                if place:
                    todo.append(_Text(", "))
            out.append("[")
        else:
            out.append(_scalar(item))
    return "".join(out)


class _Text(str):
    """Finished output that waits among values."""

    __slots__ = ()


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)
