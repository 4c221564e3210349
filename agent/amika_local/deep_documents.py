"""Remembers what large, deeply nested documents hold: reading one takes a second a MiB, and it rarely changes.

For a process that looks again and again. Such a document is nobody's ordinary file; without this one of 19 MiB would
cost half a minute of a processor each time that anything at all changes beside it.
"""

from amika_local import strict_json
from amika_local.strict_json import DocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 1 << 20
KEPT = 4


class DeepDocuments:
    """Reads as `strict_json.parse`; text of more than `large` characters only once while it stays the same.

    What it returns is shared by all who ask: nobody may change it.

    Args:
        large: characters up to which a text is read again each time.
        read: reads a text; raises DocumentError.

    """

    def __init__(self, *, large: int = LARGE, read: "Callable[[str], object]" = strict_json.parse) -> None:
        self._large = large
        self._read = read
        self._known: dict[bytes, object] = {}  # the one used last is the last one

    def __call__(self, text: str) -> object:
        """Return the value of a whole document.

        Raises:
            DocumentError: syntax, a number out of range, or more than 10,000 levels.

        """
        if len(text) <= self._large:
            return self._read(text)
        import hashlib  # for the few who need it

        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        held = self._known.pop(key) if key in self._known else self._outcome(text)
        self._known[key] = held
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        if isinstance(held, DocumentError):
            raise DocumentError(*held.args)
        return held

    def _outcome(self, text: str) -> object:
        try:
            return self._read(text)
        except DocumentError as error:
            return DocumentError(*error.args)
