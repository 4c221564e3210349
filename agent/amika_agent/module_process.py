"""How our own modules are started as separate processes."""

from __future__ import annotations

import sys


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs one of our modules with this interpreter.

    `-P` keeps the current directory off the import path: a folder one happens to stand in must not choose the code.
    In a bundle the executable itself takes `-m MODULE` and knows no `-P`.
    """
    frozen = getattr(sys, "frozen", False)
    return [sys.executable, *([] if frozen else ["-P"]), "-m", module, *arguments]
