"""Where our programs lie: beside this interpreter, in a bundle beside this executable."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec


def tray_command(*, local: bool) -> list[str] | None:
    """Return the command line of the menu-bar application, or None when it is not installed."""
    if not _frozen() and (find_spec("amika_tray") is None or find_spec("PySide6") is None):
        return None
    return [*_program("amika-tray", "amika_tray.main"), *_local(local)]


def own_path() -> str:
    """Return the path of this `amika`."""
    if _frozen():
        return os.path.realpath(sys.executable)
    beside = os.path.join(os.path.dirname(sys.executable), "amika")
    return beside if os.path.exists(beside) else os.path.abspath(sys.argv[0])


def agent_path() -> str:
    """Return the path of the `amika-agent` that belongs to this `amika`."""
    folder = os.path.dirname(os.path.realpath(sys.executable) if _frozen() else sys.executable)
    return os.path.join(folder, "amika-agent")


def has_display(env: Mapping[str, str]) -> bool:
    """Tell whether a window could be shown: X11, Wayland, or a system that always has a screen."""
    return sys.platform in ("darwin", "win32") or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def _program(name: str, module: str) -> list[str]:
    if _frozen():
        return [os.path.join(os.path.dirname(os.path.realpath(sys.executable)), name)]
    script = os.path.join(os.path.dirname(sys.executable), name)
    # neither the current folder (-P) nor a project's PYTHONPATH (-E) may choose the code; by its script the agent
    # knows the tray (amika_agent.server.asker)
    return [sys.executable, "-E", "-P", *([script] if os.path.isfile(script) else ["-m", module])]


def _frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def _local(local: bool) -> list[str]:  # noqa: FBT001 -- passes a flag on
    return ["--local"] if local else []
