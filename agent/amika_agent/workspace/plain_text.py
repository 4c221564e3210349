"""Text from outside: what may be stored as a name, and how it is shown."""

from __future__ import annotations

from amika_shared.redaction import plain


def shown(text: str, limit: int = 80) -> str:
    """Return `text` on one line without control and bidi characters, at most `limit` characters long."""
    words = " ".join(plain(text[: limit * 4]).split())
    return words if len(words) <= limit else words[: limit - 1] + "…"


def has_controls(text: str) -> bool:
    """Tell whether a name holds a control character or one that cannot be stored as UTF-8."""
    return any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in text)
