"""Installs, renews and removes the shell hook: files in our data directory (the line that reads them: `rc_file.py`).

    env.SHELL      what a shell reads when it starts: keys, and a function that looks for the mark at each prompt
    mark.SHELL.…   a link named after these keys (`mark.py`)
    hook.SHELL     static: what that function reads when the mark is gone

So an open shell needs no more of an older version than that function: the hook is always the one of today. When it is
removed the file stays for a day, because open shells drop their variables with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import unicodedata

from amika_agent.shell import mark
from amika_agent.shell.env_file import render, template
from amika_agent.shell.folder import SHELLS, Folder
from amika_agent.shell.turns import turn
from amika_agent.stores.private_file import write_private
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Failed
from amika_local.regular_file import beginning

VERSION = 5  # in the first line of every hook; the first format had none
WITHOUT_START = 3  # earlier ones had no start in the env file, and no hook that stays a day longer
STAYS = 86_400.0


def text(where: Folder, shell: str) -> str:
    """Return the hook of `shell` ("bash", "zsh" or "fish") for the files of `where`."""
    return template("hook", shell, where)


def install(where: Folder, shell: str) -> str:
    """Write the files of `shell`, without keys where there were none yet, and return the path of the hook.

    Raises:
        Failed: no start-up file can name the folder, somebody else could write there, or it cannot be written.

    """
    _refuse_folder(where.path)
    # in this order: a kill in between leaves what `renew` completes, a hook alone would be a removed one
    if not os.path.lexists(where.env(shell)):
        write_private(where.env(shell), render([], shell, where).encode())
    write_private(where.hook(shell), text(where, shell).encode())
    return where.hook(shell)


def _refuse_folder(path: str) -> None:
    remedy = "Let XDG_DATA_HOME name another folder, one that is yours alone."
    # a line in two is not found again, and one that is no text cannot be written
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in path):
        raise Failed("the data folder's name holds characters that no start-up file can name", remedy=remedy)
    path = os.path.realpath(path)
    while path != os.path.dirname(path):
        try:
            info = os.stat(path)
        except OSError:  # not there yet
            path = os.path.dirname(path)
            continue
        # what a shell reads there it runs
        if info.st_uid not in (os.geteuid(), 0):
            raise Failed(f"{path} belongs to another user, who could change what your shells run", remedy=remedy)
        if info.st_mode & stat.S_IWOTH and not info.st_mode & stat.S_ISVTX:
            raise Failed(f"every user can write to {path} and so change what your shells run", remedy=remedy)
        path = os.path.dirname(path)


def uninstall(where: Folder, shell: str) -> bool:
    """Remove the hook of `shell`; True when there was one. Raises Failed: a file of it cannot be removed."""
    path = where.env(shell)
    try:
        with turn(where):
            mark.clear(where, shell)
            os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        remedy = f"Make {where.path} writable for your user and try again, or remove the file yourself."
        raise Failed(f"cannot remove {path}: {error.strerror}", remedy=remedy) from None
    with contextlib.suppress(OSError):
        os.utime(where.hook(shell))  # its day begins
    return True


def renew(where: Folder, now: float) -> list[Problem]:
    """Bring the installed hooks of older versions to this one, and clear away what removed ones left; return problems.

    now: epoch seconds.
    """
    problems = []
    for shell in SHELLS:
        try:
            with turn(where):
                _renew(where, shell, now)
        except (AmikaError, OSError) as error:
            message = f"the shell hook for {shell} cannot be renewed: {error}"
            remedy = f"Install it anew: amika shell-init {shell} --install"
            problems.append(Problem("shell_hook", message, source="shell", path=where.hook(shell), remedy=remedy))
    if not any(_is_older(where.hook(shell), WITHOUT_START) for shell in SHELLS):
        with contextlib.suppress(OSError):  # what bash and zsh read up to version 2
            os.unlink(os.path.join(where.path, "env.sh"))
    for name in os.listdir(where.path) if os.path.isdir(where.path) else ():
        if name.startswith("env.") and ".tmp-" in name:  # keys in plain text, from a crash in the middle of writing
            _clear(os.path.join(where.path, name), now)
    return problems


def _renew(where: Folder, shell: str, now: float) -> None:
    rest = os.path.join(where.path, f"rest.{shell}")  # what open shells of version 2 read when a key changes
    if _is_older(where.hook(shell), WITHOUT_START):
        # of these versions the hook was there only where it was installed
        if os.path.exists(rest):
            write_private(rest, text(where, shell).encode())
        install(where, shell)
    elif shell not in where.installed():
        mark.clear(where, shell)
        _clear(where.hook(shell), now)
    elif not os.path.isfile(where.hook(shell)) or _is_older(where.hook(shell), VERSION):
        install(where, shell)
    _clear(rest, now)


def _is_older(path: str, version: int) -> bool:
    try:
        return _version(path) < version
    except OSError:  # none, or none that anybody can read
        return False


def _version(path: str) -> int:
    """Return the version of a hook; of a file that is none of ours, or of a later build's, one that is left alone."""
    first = beginning(path, 64).decode("utf-8", "replace")
    if found := re.match(r"# amika hook (\d{1,9}),", first):
        return int(found[1])
    return 1 if first.startswith("# amika: ") else VERSION


def _clear(path: str, now: float) -> None:
    with contextlib.suppress(OSError):  # absent, or in a folder that is none: nothing is lost by leaving it
        if now - os.stat(path).st_mtime > STAYS:
            os.unlink(path)
