"""The mark of an env file: a link beside it, named after the keys in it.

An open shell asks at each prompt one thing, whatever the keys are: is the link that it knows still there? Before an env
file is replaced its mark is taken away, and afterwards the new one is put there. A kill in between leaves shells that
look at every prompt, not shells that do not look. The link leads to the env file: without that it leads nowhere, and
counts as gone.
"""

from __future__ import annotations

import contextlib
import os

from amika_agent.shell import env_text
from amika_agent.shell.folder import Folder
from amika_local.regular_file import beginning


def clear(where: Folder, shell: str) -> None:
    """Let open shells look at their next prompt; raises OSError."""
    _remove(where, _marks(where, shell))


def renew(where: Folder, shell: str) -> None:
    """Make the mark of the env file of `shell`, as it is now, the only one; raises OSError."""
    wanted, found = _wanted(where, shell), _marks(where, shell)
    _remove(where, found - {wanted})
    if wanted and wanted not in found:
        _put(os.path.join(where.path, wanted), os.path.basename(where.env(shell)))


def _wanted(where: Folder, shell: str) -> str:
    """Return the name of the mark; "" where there is no env file of ours."""
    try:
        digest = env_text.digest(beginning(where.env(shell), 64).decode("utf-8", "replace"))
    except OSError:
        return ""
    return f"mark.{shell}.{digest}" if digest else ""


def _marks(where: Folder, shell: str) -> set[str]:
    try:
        names = os.listdir(where.path)
    except (FileNotFoundError, NotADirectoryError):
        return set()
    return {name for name in names if name.startswith(f"mark.{shell}.")}


def _remove(where: Folder, names: set[str]) -> None:
    for name in names:
        path = os.path.join(where.path, name)
        with contextlib.suppress(FileNotFoundError):
            if os.path.isdir(path) and not os.path.islink(path):
                with contextlib.suppress(OSError):  # nobody of ours made it: it holds up nothing
                    os.rmdir(path)
            else:
                os.unlink(path)


def _put(path: str, target: str) -> None:
    try:
        os.symlink(target, path)
    except FileExistsError:
        pass
    except OSError:  # where there are no links an empty file does as well, as long as nobody removes env files by hand
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
