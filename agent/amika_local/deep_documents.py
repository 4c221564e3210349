"""Remembers what large, deeply nested documents hold: reading one takes a second a MiB, and it rarely changes.

For a process that looks again and again. Such a document is nobody's ordinary file; without this one of 19 MiB would
cost half a minute of a processor each time that anything at all changes beside it. What is remembered is small: of one
that would fill the memory of such a process only that is kept, and it counts as a damaged file.
"""

from amika_local import strict_json
from amika_local.strict_json import DocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 1 << 20
KEPT = 4
ROOM = 8 << 20
TOO_MUCH = "is nested too deeply for a file of its size"


class DeepDocuments:
    """Reads as `strict_json.parse`; text of more than `large` characters only once while it stays the same.

    What it returns is shared by all who ask: nobody may change it.

    Args:
        large: characters up to which a text is read again each time.
        read: reads a text; raises DocumentError.
        room: bytes that all that is remembered may take.

    """

    def __init__(
        self, *, large: int = LARGE, read: "Callable[[str], object]" = strict_json.parse, room: int = ROOM
    ) -> None:
        self._large = large
        self._read = read
        self._room = room
        self._known: dict[bytes, tuple[object, int]] = {}  # with its weight; the one used last is the last one

    def __call__(self, text: str) -> object:
        """Return the value of a whole document.

        Raises:
            DocumentError: syntax, a number out of range, more than 10,000 levels, or too much to be remembered.

        """
        if len(text) <= self._large:
            return self._read(text)
        import hashlib  # for the few who need it

        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        held, weight = self._known.pop(key) if key in self._known else self._outcome(text)
        self._known[key] = held, weight
        while len(self._known) > KEPT or sum(each for _, each in self._known.values()) > self._room:
            del self._known[next(iter(self._known))]
        if isinstance(held, DocumentError):
            raise DocumentError(*held.args)
        return held

    def _outcome(self, text: str) -> "tuple[object, int]":
        try:
            value = self._read(text)
        except DocumentError as error:
            return DocumentError(*error.args), 0
        weight = _weight(value, self._room)
        return (value, weight) if weight <= self._room else (DocumentError(TOO_MUCH), 0)


def _weight(value: object, enough: int) -> int:
    """Return the bytes that a value takes; counting ends when there are more than `enough`."""
    from sys import getsizeof

    weight, waiting = 0, [value]
    while waiting and weight <= enough:
        one = waiting.pop()
        weight += getsizeof(one)
        if isinstance(one, dict):
            waiting += one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return weight
