"""Installs and removes the shell hook: a static file in our data directory and one line in the shell's own file."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from importlib import resources

from amika_agent.shell.env_file import Folder
from amika_agent.stores.private_file import sync_dir, write_new, write_private
from amika_local.errors import Failed
from amika_local.quoting import fish, posix

MARK = "# added by amika shell-init"


def text(where: Folder, shell: str) -> str:
    """Return the hook of `shell` ("bash", "zsh" or "fish") for the files of `where`."""
    quote = fish if shell == "fish" else posix
    hook = _template("hook", shell).replace("@ENV_FILE@", quote(where.env(shell)))
    return hook.replace("@REST_FILE@", quote(where.rest(shell)))


def _template(name: str, shell: str) -> str:
    return resources.files("amika_agent.shell").joinpath(f"{name}.{shell}").read_text("utf-8")


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
    if shell == "fish":
        return f"test -r {fish(hook_file)}; and source {fish(hook_file)} {MARK}"
    return f"[ -r {posix(hook_file)} ] && . {posix(hook_file)} {MARK}"


def install(where: Folder, shell: str) -> str:
    """Write the hook files of `shell` and return the path of the one for the rc file."""
    path = where.hook(shell)
    write_private(where.rest(shell), _template("rest", shell).encode())
    write_private(path, text(where, shell).encode())
    return path


def uninstall(where: Folder, shell: str) -> bool:
    """Remove the hook files; True when there was a hook."""
    was = os.path.lexists(where.hook(shell))
    for path in (where.hook(shell), where.rest(shell)):
        try:
            os.unlink(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Failed(f"cannot remove {path}: {error.strerror}") from None
    return was


def add_line(path: str, line: str) -> bool:
    """Append `line` to the rc file unless it is there; True when it was added."""
    lines = _lines(path)
    if line in lines:
        return False
    _replace(path, [*lines, line])
    return True


def remove_line(path: str, line: str) -> bool:
    """Take our line out of the rc file; True when it was there."""
    lines = _lines(path)
    if line not in lines:
        return False
    _replace(path, [kept for kept in lines if kept != line])
    return True


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
