"""PATH without the folders that depend on where one happens to stand.

An entry such as "." or "node_modules/.bin" lets a project's folder choose the programs that are run, and handed values.
"""

from __future__ import annotations

import os
import shutil


def absolute_only(path: str) -> str:
    """Return a PATH with its absolute folders alone, in their order; "" when there is none."""
    return os.pathsep.join(folder for folder in path.split(os.pathsep) if os.path.isabs(folder))


def find(name: str, path: str | None = None) -> str:
    """Return the first program `name` on a PATH (this process's by default) in an absolute folder; "" for none."""
    folders = absolute_only(os.environ.get("PATH", os.defpath) if path is None else path)
    return shutil.which(name, path=folders) or "" if folders else ""


def forget_relative() -> None:
    """Take the other folders out of this process's own PATH, for a library that looks for programs by itself."""
    os.environ["PATH"] = absolute_only(os.environ.get("PATH", os.defpath))
