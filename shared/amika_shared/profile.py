"""Where our own files lie, for the default profile and for the local workspace's (`--local`)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from amika_shared.folders import APP, folder

DEFAULT = "default"
LOCAL = "local"


@dataclass(frozen=True)
class Profile:
    """The folders of one profile. Two profiles share no file of ours, so `--local` never touches a real login.

    name         "default" or "local"
    config_dir   settings.toml
    data_dir     sync.db, its key, agent.json, local workspace data
    state_dir    logs, activity
    runtime_dir  the agent's socket; 0700 and ours
    amika_state_dir  workos-session.json and api-key.json: shared with the Go CLI in the default profile only
    env_cache    env-cache.json: derived from this machine, not from an account, hence the same in both
    home         the home whose sources are read (`--homedir` replaces it)
    confined     True with `--homedir`: variables that move a source are ignored
    """

    name: str
    config_dir: str
    data_dir: str
    state_dir: str
    runtime_dir: str
    amika_state_dir: str
    env_cache: str
    home: str
    confined: bool = False

    @property
    def settings_file(self) -> str:
        """Settings, TOML."""
        return os.path.join(self.config_dir, "settings.toml")

    @property
    def sync_db(self) -> str:
        """Rules, ledger and journal, SQLite."""
        return os.path.join(self.data_dir, "sync.db")

    @property
    def activity_db(self) -> str:
        """Activity log, SQLite; may be lost."""
        return os.path.join(self.state_dir, "activity.db")

    @property
    def agent_record(self) -> str:
        """agent.json: the one place where clients find the running agent."""
        return os.path.join(self.data_dir, "agent.json")

    @property
    def agent_lock(self) -> str:
        """Held by the one running agent; says nothing else."""
        return os.path.join(self.data_dir, "agent.lock")

    @property
    def agent_log(self) -> str:
        """Log of the agent."""
        return os.path.join(self.state_dir, "agent.log")

    @property
    def socket(self) -> str:
        """Unix socket of the agent."""
        return os.path.join(self.runtime_dir, "agent.sock")

    @property
    def workspace_dir(self) -> str:
        """Data of the local workspace."""
        return os.path.join(self.data_dir, "workspace")


def resolve(
    env: Mapping[str, str],
    *,
    local: bool = False,
    homedir: str | None = None,
) -> Profile:
    """Return the profile for this environment; creates nothing."""
    home = os.path.abspath(homedir) if homedir else os.path.expanduser("~")
    name = LOCAL if local else DEFAULT
    data = os.path.join(folder("data"), name)
    state = os.path.join(folder("state"), name)
    config = os.path.join(folder("config"), name)
    runtime_base = env.get("XDG_RUNTIME_DIR", "")
    runtime = os.path.join(runtime_base, APP, name) if _is_ours_alone(runtime_base) else os.path.join(data, "run")
    return Profile(
        name=name,
        config_dir=config,
        data_dir=data,
        state_dir=state,
        runtime_dir=runtime,
        amika_state_dir=os.path.join(data, "amika-state") if local else _amika_state(env),
        env_cache=_env_cache(env, home, confined=homedir is not None),
        home=home,
        confined=homedir is not None,
    )


def _is_ours_alone(folder: str) -> bool:
    """Tell whether a runtime folder is this user's and nobody else can write in it; one that is missing will be.

    `su` and `sudo` leave another user's in the environment, and some people set it to /tmp.
    """
    if not os.path.isabs(folder):
        return False
    try:
        info = os.stat(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    user = getattr(os, "geteuid", lambda: info.st_uid)()  # Windows has another kind of permissions
    return info.st_uid == user and not (info.st_mode & 0o022 and os.name == "posix")


def _amika_state(env: Mapping[str, str]) -> str:
    return env.get("AMIKA_STATE_DIRECTORY") or os.path.join(
        _xdg(env, "XDG_STATE_HOME", os.path.expanduser("~/.local/state")), "amika"
    )


def _env_cache(env: Mapping[str, str], home: str, *, confined: bool) -> str:
    default = os.path.join(home, ".cache")
    base = default if confined else _xdg(env, "XDG_CACHE_HOME", default)
    return os.path.join(base, "amika", "env-cache.json")


def _xdg(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name, "")
    return value if os.path.isabs(value) else default
