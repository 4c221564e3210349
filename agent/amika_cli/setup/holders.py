"""Every place of ours, or that we read, which holds values on this machine; with its mode, never its content."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from amika_agent.stores.private_file import TEMPORARY
from amika_local.akos_file import session_path
from amika_local.almyty_file import almyty_dir, credentials_path
from amika_local.discovery import watched_files
from amika_shared.profile import Profile, resolve

if TYPE_CHECKING:
    from amika_cli.context import Context


def places(context: Context) -> list[dict[str, str]]:
    """Return {"path", "what", "mode", "remark"} of each that exists, of both profiles."""
    ours = [
        *(row for local in (False, True) for row in _of_profile(resolve(context.env, local=local))),
        (context.profile.env_cache, "copies of credentials, kept by the agent"),
    ]
    ours += [(left, what) for path, what in ours for left in _left_overs(path)]
    foreign = [(path, "a credential file of another program") for path in _foreign(context)]
    known = dict((*reversed(ours), *((path, what) for path, what in foreign if path not in dict(ours))))
    return [_row(path, known[path]) for path in sorted(known) if os.path.lexists(path)]


def _of_profile(profile: Profile) -> list[tuple[str, str]]:
    what = "the Amika login" if profile.name == "default" else "the login at the local workspace"
    logins = [os.path.join(profile.amika_state_dir, name) for name in _names(profile.amika_state_dir)]
    return [
        *((path, what) for path in logins if _is_login(os.path.basename(path))),
        (session_path(profile.data_dir), "the AKOS session"),
        (credentials_path(_almyty(profile)), "the almyty login"),
        (os.path.join(profile.data_dir, "vault.json"), "the vault: names, and values sealed where there is no keyring"),
        *((path, "API keys for the shells that have the hook") for path in _env_files(profile.data_dir)),
        (profile.sync_db + ".key", "the key of the ledger's fingerprints; no credential"),
        *(
            (path, "values of open replacements, sealed, and their key")
            for path in _inside(profile.sync_db + ".pending")
        ),
        *((path, "the local workspace: values encrypted, and their key") for path in _workspace(profile.workspace_dir)),
    ]


def _almyty(profile: Profile) -> str:
    return os.path.join(profile.data_dir, "almyty") if profile.name == "local" else almyty_dir(os.path.expanduser("~"))


def _is_login(name: str) -> bool:
    # also what is kept aside of a damaged one, and one that is just being renewed
    return name.startswith(("workos-session.json", "api-key.json", ".session.next"))


def _foreign(context: Context) -> list[str]:
    return watched_files(context.profile.home, dict(context.env), confined=context.profile.confined)


def _env_files(data_dir: str) -> list[str]:
    from amika_agent.shell.folder import folder

    shells = folder(data_dir).path
    # also what a crash in the middle of writing one left behind
    return [os.path.join(shells, name) for name in _names(shells) if name.startswith("env.")]


def _workspace(folder: str) -> list[str]:
    found = [path for path in _inside(folder) if path.endswith((".db", ".db-wal", ".key"))]
    return found + _inside(os.path.join(folder, "keys"))


def _left_overs(path: str) -> list[str]:
    """Return what killed writers of a file left beside it."""
    folder, name = os.path.split(path)
    return [other for other in _inside(folder) if os.path.basename(other).startswith(name + TEMPORARY)]


def _inside(folder: str) -> list[str]:
    return [os.path.join(folder, name) for name in _names(folder)]


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _row(path: str, what: str) -> dict[str, str]:
    try:
        info = os.stat(path)
    except OSError as error:
        return {"path": path, "what": what, "mode": "", "remark": os.strerror(error.errno or 0)}
    mode = stat.S_IMODE(info.st_mode)
    remark = "readable by others: chmod 600" if mode & 0o077 else ""
    return {"path": path, "what": what, "mode": f"{mode:04o}", "remark": remark}


def file_system(path: str) -> str:
    """Return the type of the file system that a path lies on ("ext4", "nfs4" …), or "" where it is not known."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:
            mounts = [line.split(" ")[1:3] for line in file]
    except OSError:
        return ""
    real = os.path.realpath(path)
    fitting = [
        (len(place), kind) for place, kind in mounts if real == place or real.startswith(place.rstrip("/") + "/")
    ]
    return max(fitting)[1] if fitting else ""
