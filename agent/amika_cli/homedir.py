"""`--homedir`: another home, which has to be there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amika_local.errors import UsageError

if TYPE_CHECKING:
    from amika_cli.flags import Args


def homedir(args: Args) -> str | None:
    """Return the home that was asked for, None for the person's own.

    Raises:
        UsageError: it is no directory: nothing would be found there, and a mistyped one would be made.

    """
    if not args.has("homedir"):
        return None
    path = args.get("homedir")
    if not os.path.isdir(path):
        raise UsageError("--homedir needs a directory that exists", remedy=f"There is none: {path}" if path else "")
    return absolute(path)


def absolute(path: str) -> str:
    """Return a path that a flag names as an absolute one.

    Raises:
        UsageError: it is relative to the current folder, and that has been deleted.

    """
    try:
        return os.path.abspath(path)
    except FileNotFoundError:
        raise UsageError(
            "the current directory does not exist any more", remedy="Go to another one (cd), or give the whole path."
        ) from None
