"""A login that is a link to another file."""

from __future__ import annotations

import os


def left_behind(path: str) -> str:
    """Return the file that goes on holding a login when `path` is deleted, because that is a link to it; else "".

    A link is deleted as such: what it leads to is somebody else's file, and is named instead.
    """
    real = os.path.realpath(path) if os.path.islink(path) else ""
    return real if real and os.path.exists(real) else ""


def still_held(left: str) -> str:
    """Return what to tell of such a file, a clause."""
    return f"the login was a link, and {left} still holds its token"
