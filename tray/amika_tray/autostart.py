"""Start at login: what the desktop reads is written, and what is shown is what it would read. Blocking; tiny files."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amika_shared.startup import LAUNCH_LABEL, RUN_VALUE, TRAY_ID, desktop_entry, desktop_runs, launch_agent, run_key
from amika_tray.wording import t

if TYPE_CHECKING:
    from types import ModuleType

MAX_BYTES = 1 << 16
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"


@dataclass(frozen=True)
class AtLogin:
    """The place from which a platform starts this tray.

    platform  sys.platform
    path      the file that the desktop reads; "" on Windows, which has a key of the registry
    command   what it starts: this program, hidden; () when this program cannot be found again
    """

    platform: str
    path: str
    command: tuple[str, ...]

    def is_on(self) -> bool:
        """Tell whether this very program starts at login; an entry for another one is not ours and counts as off."""
        if self.platform == "win32":
            return _registry_value() == run_key(self.command)
        try:
            with open(self.path, encoding="utf-8") as file:
                text = file.read(MAX_BYTES)
        except (OSError, ValueError):
            return False
        if self.platform == "darwin":
            return text == launch_agent(self.command, label=LAUNCH_LABEL)
        return desktop_runs(text, self.command)

    def switch(self, *, on: bool) -> str:
        """Make it so and return "", or why it could not be done."""
        try:
            if self.platform == "win32":
                _set_registry_value(run_key(self.command) if on else None)
            elif on:
                self._write()
            else:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.path)
        except OSError as error:
            return t("{path} cannot be changed: {reason}", path=self.path or RUN_VALUE, reason=error.strerror)
        return ""

    def _write(self) -> None:
        if self.platform == "darwin":
            text = launch_agent(self.command, label=LAUNCH_LABEL)
        else:
            text = desktop_entry(self.command, comment=t("Keeps your coding agents' credentials fresh"))
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        temporary = f"{self.path}.new-{os.getpid()}"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINK, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # it starts a program: nobody else may write it
            file.write(text)
        os.replace(temporary, self.path)


def at_login(env: Mapping[str, str], program: str, *, local: bool, platform: str = sys.platform) -> AtLogin | None:
    """Return where this platform looks at login, or None when this program cannot be named there.

    Args:
        env: environment.
        program: absolute path of `amika-tray`, or "".
        local: whether it is the local workspace's tray; it has an entry of its own.
        platform: sys.platform.

    """
    if not os.path.isabs(program):
        return None
    command = (program, "--hidden", *(["--local"] if local else []))
    name = f"{TRAY_ID}-local" if local else TRAY_ID
    return AtLogin(platform, _path(env, name, platform), command)


def _path(env: Mapping[str, str], name: str, platform: str) -> str:
    home = os.path.expanduser("~")
    if platform == "win32":
        return ""
    if platform == "darwin":
        return os.path.join(home, "Library", "LaunchAgents", f"{LAUNCH_LABEL}.plist")
    config = env.get("XDG_CONFIG_HOME", "")
    base = config if os.path.isabs(config) else os.path.join(home, ".config")
    return os.path.join(base, "autostart", f"{name}.desktop")


def _registry_value() -> str | None:
    winreg = _winreg()
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
            value, _ = winreg.QueryValueEx(key, RUN_VALUE)
    except OSError:
        return None
    return value if isinstance(value, str) else None


def _set_registry_value(value: str | None) -> None:
    winreg = _winreg()
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
        if value is not None:
            winreg.SetValueEx(key, RUN_VALUE, 0, winreg.REG_SZ, value)
            return
        with contextlib.suppress(FileNotFoundError):
            winreg.DeleteValue(key, RUN_VALUE)


def _winreg() -> Any:  # noqa: ANN401 -- a module that only Windows has
    import importlib  # noqa: PLC0415

    found: ModuleType = importlib.import_module("winreg")
    return found
