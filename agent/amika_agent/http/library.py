"""Loads httpx without what it imports on suspicion.

Its own command line, and event loops that a blocking client has no use for: most of the time, and megabytes, wherever
those happen to be installed.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import Any

UNUSED = ("httpx._main", "anyio", "trio")
_loading = threading.Lock()


def load() -> None:
    """Import httpx; what was hidden for the moment of the import can be imported afterwards."""
    if "httpx" in sys.modules and "httpcore" in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    with _loading:
        hidden = [name for name in UNUSED if name not in modules]
        modules.update(dict.fromkeys(hidden))
        try:
            for name in ("httpx", "httpcore"):  # httpx itself imports the second one when a client is made
                import_module(name)
        finally:
            for name in hidden:
                modules.pop(name, None)
