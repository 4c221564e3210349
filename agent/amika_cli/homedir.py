"""Which home is meant: `--homedir`, which has to be there, or HOME, which has to be a path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from amika_local.errors import UsageError
from amika_shared.folders import account_home

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

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


def settle(env: MutableMapping[str, str], account_home: Callable[[], str] = account_home) -> None:
    """Make HOME the account's own home where it is empty or relative: each part would read that its own way.

    Raises:
        UsageError: there is none, as in a container that runs as a number only.

    """
    home = account_home()
    if not os.path.isabs(home):
        raise UsageError("HOME is not set, and this user has no home", remedy="Set HOME to the path of a folder.")
    if "HOME" in env:
        env["HOME"] = home


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
