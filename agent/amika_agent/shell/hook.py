"""Installs, renews and removes the shell hook: static files in our data directory, one line in the shell's own file.

    hook.SHELL   what a shell reads when it starts; the little of it that stays in memory reads the env file's first
                 line at each prompt, and the second file when that line is another than before
    rest.SHELL   what it does then

So an open shell needs no more of an older version than that: the second file is always the one of today. When a hook is
removed its second file stays for a day, because open shells drop their variables with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Mapping

from amika_agent.shell.env_file import SHELLS, Folder
from amika_agent.stores.private_file import sync_dir, write_new, write_private
from amika_local.credential import Problem
from amika_local.errors import AmikaError, Failed
from amika_local.quoting import fish, posix

MARK = "# added by amika shell-init"
VERSION = 2  # in the first line of every hook; the first format had none
STAYS = 86_400.0


def text(where: Folder, shell: str) -> str:
    """Return the hook of `shell` ("bash", "zsh" or "fish") for the files of `where`."""
    return _text("hook", where, shell)


def _text(name: str, where: Folder, shell: str) -> str:
    from importlib import resources  # the agent looks at the hooks at each start, and hardly ever writes one

    quote = fish if shell == "fish" else posix
    template = resources.files("amika_agent.shell").joinpath(f"{name}.{shell}").read_text("utf-8")
    return template.replace("@FOLDER@", quote(where.path))


def rc_file(shell: str, env: Mapping[str, str], home: str) -> str:
    """Return the file that `shell` reads when it starts."""
    if shell == "zsh":
        return os.path.join(env.get("ZDOTDIR") or home, ".zshrc")
    if shell == "fish":
        config = env.get("XDG_CONFIG_HOME", "")
        return os.path.join(config if os.path.isabs(config) else os.path.join(home, ".config"), "fish", "config.fish")
    return os.path.join(home, ".bashrc")


def rc_line(shell: str, hook_file: str) -> str:
    """Return the line for the rc file; it does nothing once the hook is gone."""
    if shell == "fish":  # two microseconds for the file that is not there, eight for asking whether it is
        return f"source {fish(hook_file)} 2>/dev/null {MARK}"
    return f"[ -r {posix(hook_file)} ] && . {posix(hook_file)} {MARK}"


def install(where: Folder, shell: str) -> str:
    """Write the hook files of `shell` and return the path of the one for the rc file."""
    path = where.hook(shell)
    write_private(where.rest(shell), _text("rest", where, shell).encode())
    write_private(path, text(where, shell).encode())
    return path


def uninstall(where: Folder, shell: str) -> bool:
    """Remove the hook of `shell`; True when there was one."""
    path = where.hook(shell)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise Failed(f"cannot remove {path}: {error.strerror}") from None
    with contextlib.suppress(OSError):
        os.utime(where.rest(shell))  # its day begins
    return True


def renew(where: Folder, now: float) -> list[Problem]:
    """Bring the installed hooks of older versions to this one, and clear away what removed ones left; return problems.

    now: epoch seconds.
    """
    problems = []
    for shell in SHELLS:
        try:
            if shell not in where.installed():
                _clear(where.rest(shell), now)
            elif _version(where.hook(shell)) < VERSION or not os.path.exists(where.rest(shell)):
                install(where, shell)
        except (AmikaError, OSError) as error:
            message = f"the shell hook for {shell} is of an older version and cannot be renewed: {error}"
            remedy = f"Install it anew: amika shell-init {shell} --install"
            problems.append(Problem("shell_hook", message, source="shell", path=where.hook(shell), remedy=remedy))
    for name in os.listdir(where.path) if os.path.isdir(where.path) else ():
        if name.startswith("env.") and ".tmp-" in name:  # keys in plain text, from a crash in the middle of writing
            _clear(os.path.join(where.path, name), now)
    return problems


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


def add_line(path: str, line: str, hook_file: str) -> bool:
    """Append `line`, which reads `hook_file`, to the rc file, in the place of an older one; False when it is there."""
    lines = _lines(path)
    if line in lines:
        return False
    _replace(path, [*(kept for kept in lines if not _is_ours(kept, hook_file)), line])
    return True


def remove_line(path: str, hook_file: str) -> bool:
    """Take our line out of the rc file; True when it was there."""
    lines = _lines(path)
    kept = [one for one in lines if not _is_ours(one, hook_file)]
    if kept == lines:
        return False
    _replace(path, kept)
    return True


def _is_ours(line: str, hook_file: str) -> bool:
    return line.endswith(MARK) and (posix(hook_file) in line or fish(hook_file) in line)


def _lines(path: str) -> list[str]:
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
