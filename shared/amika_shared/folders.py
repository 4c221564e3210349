"""The user's folders for our files: those that platformdirs names.

On Linux its rules are applied here, because every command needs these folders and loading it takes longer than most
commands run.
"""

from __future__ import annotations

import os
import sys

APP = "amika-desktop"
_XDG = {
    "data": ("XDG_DATA_HOME", ".local/share"),
    "state": ("XDG_STATE_HOME", ".local/state"),
    "config": ("XDG_CONFIG_HOME", ".config"),
}


class NoHome(RuntimeError):
    """Neither HOME nor the system's list of users says where this user's files lie."""


def folder(kind: str) -> str:
    """Return our folder for `kind`: "data", "state" or "config"."""
    return linux_folder(kind) if sys.platform == "linux" else _folder_elsewhere(kind)


def linux_folder(kind: str) -> str:
    """Return what platformdirs returns on Linux."""
    variable, default = _XDG[kind]
    base = os.environ.get(variable, "")
    return os.path.join(base if os.path.isabs(base) else os.path.join(_home(), default), APP)


def account_home() -> str:
    """Return the home that the system's list of users names, "" where this user is in none."""
    import pwd  # noqa: PLC0415 -- for the few without HOME

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _home() -> str:
    given = os.environ.get("HOME")  # one that is no absolute path is none
    home = os.path.expanduser("~") if given is None or os.path.isabs(given) else account_home()
    if not os.path.isabs(home):
        raise NoHome("this user has no home: set HOME to an absolute path")
    return home.rstrip("/") or "/"


def _folder_elsewhere(kind: str) -> str:
    import platformdirs  # noqa: PLC0415 -- as said above

    folders = platformdirs.PlatformDirs(APP, appauthor=False)
    return {"data": folders.user_data_dir, "state": folders.user_state_dir, "config": folders.user_config_dir}[kind]
