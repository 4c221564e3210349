"""What a process would look at and talk to: two processes may only work for each other when these are equal.

A login shell, ssh, cron and systemd do not share an environment. An agent that watches another `CODEX_HOME`, or
would push to another server, must not answer for this shell; the client then works in-process and says why.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from amika_shared.profile import Profile

# variables that move a source; `--homedir` ignores them
_MOVERS = (
    ("CLAUDE_CONFIG_DIR", ".claude"),
    ("CODEX_HOME", ".codex"),
    ("XDG_DATA_HOME", ".local/share"),
    ("XDG_STATE_HOME", ".local/state"),
    ("XDG_CONFIG_HOME", ".config"),
    ("XDG_CACHE_HOME", ".cache"),
)
# variables that choose the server; the local workspace has its own
_SERVERS = ("AMIKA_API_URL", "AMIKA_WORKOS_URL", "AMIKA_WORKOS_CLIENT_ID")


def effective(profile: Profile, env: Mapping[str, str]) -> dict[str, str]:
    """Return name → effective value; holds no secret (of `AMIKA_API_KEY` only whether it is set)."""
    found = {
        "profile": profile.name,
        "home": profile.home,
        "amika_state_dir": profile.amika_state_dir,
        "env_cache": profile.env_cache,
        "config_dir": profile.config_dir,
    }
    for name, default in _MOVERS:
        value = "" if profile.confined else env.get(name, "")
        found[name] = os.path.normpath(value or os.path.join(profile.home, default))
    if profile.name == "default":
        for name in _SERVERS:
            found[name] = env.get(name, "")
        found["AMIKA_API_KEY"] = "set" if env.get("AMIKA_API_KEY") else ""
    return found


def difference(ours: Mapping[str, str], theirs: object) -> str:
    """Return the first name whose values differ, or "" when both would do the same work."""
    if not isinstance(theirs, dict):
        return "paths"
    for name in ours:
        if theirs.get(name) != ours[name]:
            return name
    return ""
