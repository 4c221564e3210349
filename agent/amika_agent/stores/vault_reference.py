"""`${vault:KEY}` in a text: replaced in one pass, so that a value that looks like a reference stays a value."""

from __future__ import annotations

import re
from collections.abc import Callable

from amika_local.errors import NotFound
from amika_local.secret import Secret

REFERENCE = re.compile(r"\$\{vault:([A-Z][A-Z0-9_]*)\}")


def references(text: str) -> list[str]:
    """Return the keys that the text refers to, in order, each once."""
    return list(dict.fromkeys(REFERENCE.findall(text)))


def resolve(text: str, find: Callable[[str], Secret | None]) -> Secret:
    """Return the text with every reference replaced by its value.

    Raises:
        NotFound: a key that the vault does not have.

    """

    def value(match: re.Match[str]) -> str:
        found = find(match[1])
        if found is None:
            raise NotFound(f"the vault has no {match[1]}", remedy=f"Store it: amika vault put {match[1]}")
        return found.reveal()

    return Secret(REFERENCE.sub(value, text))
