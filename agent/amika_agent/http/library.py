"""Loads httpx without what it imports on suspicion.

Its own command line, and event loops that a blocking client has no use for: most of the time, and megabytes, wherever
those happen to be installed. And two that are needed seldom and come when they are: tables for names of servers beyond
ASCII, and the bundled certificates' place, which brings half of a file library along.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from types import ModuleType
from typing import Any

UNUSED = ("httpx._main", "anyio", "trio")
SELDOM = ("idna", "certifi")
_loading = threading.Lock()


def load() -> None:
    """Import httpx; what was hidden for the moment of the import can be imported afterwards."""
    if "httpx" in sys.modules and "httpcore" in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    with _loading:
        hidden = [name for name in UNUSED if name not in modules]
        modules.update(dict.fromkeys(hidden))
        modules.update({name: _Later(name) for name in SELDOM if name not in modules})
        try:
            for name in ("httpx", "httpcore"):  # httpx itself imports the second one when a client is made
                import_module(name)
        finally:
            for name in hidden:
                modules.pop(name, None)
            for name in SELDOM:
                if isinstance(modules.get(name), _Later):
                    del modules[name]  # whoever imports it from now on gets the module itself


class _Later(ModuleType):
    """Stands for a module in those that were loaded meanwhile; the first use of anything in it imports it."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever is in the module
        if name.startswith("__"):
            raise AttributeError(name)  # the import system looks for its own
        return getattr(import_module(self.__name__), name)
