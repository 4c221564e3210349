"""Installs, renews and removes the shell hook: files in our data directory, one line in the shell's own file.

    env.SHELL      what a shell reads when it starts: keys, and a function that compares this file's first line at each
                   prompt with the one it was given
    hook.SHELL     static: what that function reads when the line is another one

So an open shell needs no more of an older version than that function: the hook is always the one of today. When it is
removed the file stays for a day, because open shells drop their variables with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import unicodedata
from collections.abc import Mapping

from amika_agent.shell.env_file import SHELLS, Folder, render, template
from amika_agent.stores.private_file import sync_dir, write_new, write_private
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Failed
from amika_local.quoting import fish, posix

MARK = "# added by amika shell-init"
VERSION = 4  # in the first line of every hook; the first format had none
WITHOUT_START = 3  # earlier ones had no start in the env file, and no hook that stays a day longer
STAYS = 86_400.0


def text(where: Folder, shell: str) -> str:
    """Return the hook of `shell` ("bash", "zsh" or "fish") for the files of `where`."""
    return template("hook", shell, where)


def rc_file(shell: str, env: Mapping[str, str], home: str) -> str:
    """Return the file that `shell` reads when it starts."""
    if shell == "zsh":
        return os.path.join(env.get("ZDOTDIR") or home, ".zshrc")
    if shell == "fish":
        config = env.get("XDG_CONFIG_HOME", "")
        return os.path.join(config if os.path.isabs(config) else os.path.join(home, ".config"), "fish", "config.fish")
    return os.path.join(home, ".bashrc")


def login_file_without_rc(shell: str, home: str) -> str:
    """Return the file of a login shell that does not read the rc file, or ""; bash alone has one.

    Panes of tmux, ssh and the terminals of macOS start login shells.
    """
    if shell != "bash":
        return ""
    names = [os.path.join(home, name) for name in (".bash_profile", ".bash_login", ".profile")]
    path = next((name for name in names if os.path.exists(name)), names[0])
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return "" if "bashrc" in file.read() else path
    except FileNotFoundError:
        return path
    except OSError:
        return ""


def rc_line(shell: str, where: Folder) -> str:
    """Return the line for the rc file; it does nothing once the hook is gone."""
    path = where.env(shell)
    # what another user put there is not run; fish would take ten microseconds for that question
    if shell == "fish":
        return f"source {fish(path)} 2>/dev/null {MARK}"
    return f"[[ ! -O {posix(path)} ]] || \\. {posix(path)} {MARK}"


def install(where: Folder, shell: str) -> str:
    """Write the files of `shell`, without keys where there were none yet, and return the path of the hook.

    Raises:
        Failed: no start-up file can name the folder, somebody else could write there, or it cannot be written.

    """
    _refuse_folder(where.path)
    write_private(where.hook(shell), text(where, shell).encode())
    if not os.path.lexists(where.env(shell)):
        write_private(where.env(shell), render([], shell, where).encode())
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
    """Remove the hook of `shell`; True when there was one."""
    path = where.env(shell)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Failed(f"cannot remove {path}: {error.strerror}") from None
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
            _renew(where, shell, now)
        except (AmikaError, OSError) as error:
            message = f"the shell hook for {shell} is of an older version and cannot be renewed: {error}"
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
        _clear(where.hook(shell), now)
    elif not os.path.exists(where.hook(shell)) or _is_older(where.hook(shell), VERSION):
        install(where, shell)
    _clear(rest, now)


def _is_older(path: str, version: int) -> bool:
    try:
        return _version(path) < version
    except OSError:  # none, or none that anybody can read
        return False


def _version(path: str) -> int:
    """Return the version of a hook; of a file that is none of ours, or of a later build's, one that is left alone."""
    with open(path, encoding="utf-8", errors="replace") as file:
        first = file.readline()
    if found := re.match(r"# amika hook (\d{1,9}),", first):
        return int(found[1])
    return 1 if first.startswith("# amika: ") else VERSION


def _clear(path: str, now: float) -> None:
    with contextlib.suppress(OSError):  # absent, or in a folder that is none: nothing is lost by leaving it
        if now - os.stat(path).st_mtime > STAYS:
            os.unlink(path)


def add_line(path: str, line: str, where: Folder) -> bool:
    """Append `line`, which reads a file of `where`, to the rc file for an older one; False when it is there."""
    lines = _lines(path)
    if line in lines:
        return False
    kept = [one for one in lines if not _is_ours(one, where)]
    if kept and _goes_on(kept[-1]):
        kept.append("")
    _replace(path, [*kept, line])
    return True


def _goes_on(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def others(path: str, where: Folder) -> bool:
    """Tell whether the rc file reads a hook of another profile too: the last line is the one that a shell follows."""
    return any(one.endswith(MARK) and not _is_ours(one, where) for one in _lines(path))


def remove_line(path: str, where: Folder) -> bool:
    """Take our line out of the rc file; True when it was there."""
    lines = _lines(path)
    kept = [one for one in lines if not _is_ours(one, where)]
    if kept == lines:
        return False
    _replace(path, kept)
    return True


def _is_ours(line: str, where: Folder) -> bool:
    # earlier lines read the hook itself
    inside = [quote(os.path.join(where.path, "")).removesuffix("'") for quote in (posix, fish)]
    return line.endswith(MARK) and any(start in line for start in inside)


def _lines(path: str) -> list[str]:
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
        raise Failed(f"{path} is no plain file", remedy="Add or remove the line yourself.")
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            content = file.read()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror}", remedy="Add the line yourself.") from None
    return content.removesuffix("\n").split("\n") if content else []


def _replace(path: str, lines: list[str]) -> None:
    # people keep their rc file elsewhere and link to it: the link stays, its target is replaced
    target = os.path.realpath(path)
    if os.path.exists(target) and not (os.access(target, os.W_OK) and os.stat(target).st_mode & 0o222):
        # a folder of ours would let us replace it all the same; somebody wants it as it is
        raise Failed(f"{path} is read-only", remedy="Add or remove the line yourself.")
    temporary = f"{target}.amika-{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        mode = stat.S_IMODE(os.stat(target).st_mode) if os.path.exists(target) else 0o644
        content = "".join(line + "\n" for line in lines)
        write_new(temporary, content.encode("utf-8", "surrogateescape"))
        os.chmod(temporary, mode)
        os.replace(temporary, target)
        sync_dir(os.path.dirname(target))
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise Failed(f"cannot write {path}: {error.strerror}", remedy="Add or remove the line yourself.") from None
