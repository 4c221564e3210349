"""The shell's own start-up file: which one it is, the line in it that reads our env file, put in and taken out."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping

from amika_agent.shell.folder import Folder
from amika_agent.stores.private_file import sync_dir, write_new
from amika_local.errors import Failed
from amika_local.quoting import fish, posix
from amika_local.regular_file import beginning

MARK = "# added by amika shell-init"


def path(shell: str, env: Mapping[str, str], home: str) -> str:
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
        return "" if b"bashrc" in beginning(path, 1 << 20) else path
    except FileNotFoundError:
        return path
    except OSError:
        return ""


def line(shell: str, where: Folder) -> str:
    """Return the line for the rc file; it does nothing once the hook is gone."""
    path = where.env(shell)
    # what another user put there is not run; fish would take ten microseconds for that question
    if shell == "fish":
        return f"source {fish(path)} 2>&- {MARK}"
    return f"[[ ! -O {posix(path)} ]] || \\. {posix(path)} {MARK}"


def add(path: str, line: str, where: Folder) -> bool:
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


def remove(path: str, where: Folder) -> bool:
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
