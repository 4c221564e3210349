"""Opening a page for the person: only where there is a screen, and never waited for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping

from amika_cli.render import note


def has_screen(env: Mapping[str, str]) -> bool:
    """Tell whether a page may be opened: without a screen a text browser would take this very terminal."""
    if sys.platform in ("darwin", "win32") or env.get("BROWSER"):
        return True
    return bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def open_page(page: str) -> None:
    """Open the page in the person's browser; says so when there is none."""
    threading.Thread(target=_open, args=(page,), name="browser", daemon=True).start()


def tunnel(env: Mapping[str, str], port: int) -> str:
    """Return the command that leads a port of the person's own machine here, "" where they sit at this one."""
    far = env.get("SSH_CONNECTION", "").split()
    if not far and not env.get("SSH_TTY") and has_screen(env):
        return ""
    import getpass
    import platform

    try:
        user = getpass.getuser() + "@"
    except (OSError, KeyError, ImportError):
        user = ""
    host = far[2] if len(far) == 4 else platform.node() or "HOST"
    return f"ssh -L {port}:127.0.0.1:{port} {user}{host}"


def opened(page: str) -> bool:
    """Open the page and tell whether a browser took it; never one that lies in the current folder."""
    import webbrowser

    from amika_shared.search_path import forget_relative

    forget_relative()
    try:
        return webbrowser.open(page)
    except (webbrowser.Error, OSError):
        return False


def _open(page: str) -> None:
    if not opened(page):
        note("No browser could be opened; open the page above yourself, on any device.")
