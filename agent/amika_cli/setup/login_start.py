"""What starts the agent at login: a systemd user unit, else an autostart entry; on macOS a LaunchAgent.

Everything is a file of ours with our mark in it; a file without it is somebody's own and left as it is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amika_local.credential import Problem
from amika_local.errors import Conflict, Failed
from amika_local.regular_file import read
from amika_shared.search_path import find
from amika_shared.startup import AGENT_UNIT, desktop_entry, launch_agent, systemd_unit

MARK = "Written by `amika agent install`; `amika agent uninstall` removes it."
NAME = "Amika agent: keeps coding agents' credentials fresh"
LABEL = "dev.amika.agent"


@dataclass(frozen=True)
class Start:
    """One way to start the agent at login.

    kind   "systemd", "autostart" or "launchd"
    path   the file; content: what is in it
    wants  the link that switches a systemd unit on; "" otherwise
    """

    kind: str
    path: str
    content: str
    wants: str = ""


def chosen(env: Mapping[str, str], agent: str, flags: Sequence[str], *, platform: str = sys.platform) -> Start:
    """Return how this machine starts the agent at login.

    Args:
        env: environment.
        agent: absolute path of `amika-agent`.
        flags: flags that name the profile, for example ["--local"].
        platform: sys.platform.

    Raises:
        Failed: this platform has no such way yet.

    """
    suffix = "-local" if "--local" in flags else ""
    home = os.path.expanduser("~")
    if platform == "darwin":
        label = LABEL + suffix
        text = launch_agent([agent, "run", *flags], label=label, keep_alive=True)
        content = text.replace("<plist", f"<!-- {MARK} -->\n<plist", 1)
        return Start("launchd", os.path.join(home, "Library", "LaunchAgents", f"{label}.plist"), content)
    if platform != "linux":
        raise Failed("the agent cannot be started at login here yet", remedy="Let the tray start it: amika tray")
    told = env.get("XDG_CONFIG_HOME", "")
    config = told if os.path.isabs(told) else os.path.join(home, ".config")
    if find("systemctl", env.get("PATH")):
        folder = os.path.join(config, "systemd", "user")
        unit = AGENT_UNIT.replace(".service", f"{suffix}.service")
        text = systemd_unit([agent, "run", *flags], description=NAME)
        wants = os.path.join(folder, "default.target.wants", unit)
        return Start("systemd", os.path.join(folder, unit), f"# {MARK}\n{text}", wants)
    text = desktop_entry([agent, "start", *flags], name="Amika agent", comment=NAME)
    return Start("autostart", os.path.join(config, "autostart", f"amika-agent{suffix}.desktop"), f"# {MARK}\n{text}")


def install(start: Start) -> bool:
    """Write the file and switch it on; False when that was so already.

    Raises:
        Conflict: a file of somebody else is there.
        Failed: it cannot be written.

    """
    from amika_agent.stores.private_file import make_private_dir, write_new

    before = _content(start.path)
    if before is not None and MARK not in before:
        raise Conflict(f"{start.path} is not ours and was left as it is", remedy="Move it away first.")
    if before == start.content and (not start.wants or os.path.islink(start.wants)):
        return False
    try:
        make_private_dir(os.path.dirname(start.path))
        temporary = f"{start.path}.new-{secrets.token_hex(4)}"
        write_new(temporary, start.content.encode())  # it starts a program: nobody else may write it
        os.replace(temporary, start.path)
        if start.wants:
            make_private_dir(os.path.dirname(start.wants))
            with contextlib.suppress(FileExistsError):
                os.symlink(start.path, start.wants)
    except OSError as error:
        raise Failed(f"cannot write {start.path}: {os.strerror(error.errno or 0)}") from None
    return True


def uninstall(start: Start) -> bool:
    """Remove what `install` wrote; False when there is nothing of ours.

    Raises:
        Conflict: a file of somebody else is there.
        Failed: it cannot be removed.

    """
    content = _content(start.path)
    if content is None:
        return False
    if MARK not in content:
        raise Conflict(f"{start.path} is not ours and was left as it is", remedy="Move it away if nobody needs it.")
    try:
        for path in (start.wants, start.path):
            if path and os.path.lexists(path):
                os.unlink(path)
    except OSError as error:
        raise Failed(f"cannot remove {start.path}: {os.strerror(error.errno or 0)}") from None
    return True


def tell_systemd(start: Start) -> None:
    """Have a running systemd of this user read its units anew; without one, it reads them when it starts."""
    systemctl = find("systemctl")
    if start.kind != "systemd" or not systemctl:
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603 -- the person's own PATH, as for every tool
            [systemctl, "--user", "daemon-reload"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=5,
            check=False,
        )


def _content(path: str) -> str | None:
    data = read(path, "login", limit=1 << 16)
    if isinstance(data, Problem):
        raise Failed(data.message, remedy=data.remedy)
    return None if data is None else data.decode(errors="replace")
