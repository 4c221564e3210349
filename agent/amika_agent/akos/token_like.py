"""What looks like a secret although it has no known shape. Pure; for fields that no secret belongs in."""

from __future__ import annotations

import re

from amika_agent.stores.vault_reference import REFERENCE
from amika_shared.redaction import redact

_USER = re.compile(r"(?i)^([a-z][a-z0-9+.-]{0,20}://)[^\s/@:]*:?@")
# one long run of mixed letters and digits: no id, slug or model name has one; a hash after # @ or : names a version
_RUN = re.compile(r"(?<![A-Za-z0-9#@:])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{28,}")
# Amazon's secret keys: forty characters, of which + and / are two
_FORTY = re.compile(
    r"(?<![A-Za-z0-9+/])(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])"
)
# --api-key x, TOKEN=x, ?token=x: a value under such a name; a flag, a variable or a placeholder after it is none
_NAMED = re.compile(
    r"(?i)(?:--?[\w-]*(?:token|secret|passw(?:or)?d|pwd|api-?key)[ =]|[\w-]*(?:token|secret|passw(?:or)?d|pwd|key)=)"
    r"(?![$<{\"'-])[^\s&]{4,}"
)
_HELD = "$HELD"  # stands for a reference: what follows a name is then no value


def looks_secret(value: str, *, program: bool = False) -> bool:
    """Tell whether a text holds what looks like a token or password.

    Args:
        value: what was given; references to the vault in it are none.
        program: it is a command or an address, where a value may follow a telling name.

    """
    text = _USER.sub(r"\1", REFERENCE.sub("", value))  # a user name in an address is none, without a password
    if redact(text) != text or _RUN.search(text) or _FORTY.search(text):
        return True
    return program and _NAMED.search(REFERENCE.sub(_HELD, value)) is not None
