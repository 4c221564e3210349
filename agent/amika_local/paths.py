"""Where the files that we share with other programs lie: Amika's own rules, the same on every system."""

import os


def amika_state_dir(env: "os._Environ[str] | dict[str, str]", home: str) -> str:
    """Return the folder of `workos-session.json` and `api-key.json`."""
    return env.get("AMIKA_STATE_DIRECTORY") or os.path.join(xdg(env, "XDG_STATE_HOME", home, ".local/state"), "amika")


def xdg(env: "os._Environ[str] | dict[str, str]", name: str, home: str, default: str) -> str:
    """Return an XDG base directory: the variable when it is an absolute path, else the default below home."""
    value = env.get(name, "")
    return value if os.path.isabs(value) else os.path.join(home, default)
