"""The session on a disk that is full, read-only or somebody else's: run in a mount namespace or as another user.

`python -m tests.process.session_disk_child CASE STATE URL`; prints one JSON object. The token in STATE is due.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from tests.process.session_child import act

from amika_agent.accounts.amika import sign_in
from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
from amika_local.errors import Failed

NOBODY = 65534


def full(state: str, url: str) -> dict:
    """A file system of 64 KiB: filled to the last block, then emptied."""
    return during_and_after(state, url, filled(state).unlink)


def full_sign_out(state: str, url: str) -> dict:
    """The same, and the person signs out."""
    filled(state)
    return {"during": act(state, url, "sign_out"), "left": sorted(os.listdir(state))}


def read_only_sign_out(state: str, url: str) -> dict:
    """Nothing can be deleted; afterwards it can."""
    remounted(state)
    during = act(state, url, "sign_out")
    subprocess.run(["mount", "-o", "remount,rw", state], check=True, capture_output=True)
    return {"during": during, "again": act(state, url, "sign_out"), "left": sorted(os.listdir(state))}


def full_sign_in(state: str, url: str) -> dict:
    """The login that is there stays; the new one is refused before anybody has approved anything."""
    filled(state)
    before = (Path(state) / "workos-session.json").read_bytes()
    with Http() as http:
        endpoints = resolve_endpoints({}, local_url=url)
        keeper = SessionKeeper(state, endpoints, http, SystemClock(), role="cli")
        try:
            next(iter(sign_in(endpoints, http, SystemClock(), cancel=threading.Event(), keeper=keeper)))
        except Failed as error:
            kept = (Path(state) / "workos-session.json").read_bytes() == before
            return {"message": error.message, "kept": kept}
    return {"message": "", "kept": True}


def filled(state: str) -> Path:
    """Mount, copy and fill; return the file that takes all the room."""
    saved = {path.name: path.read_bytes() for path in Path(state).iterdir()}
    mount(state, "size=64k")
    for name, data in saved.items():
        (Path(state) / name).write_bytes(data)
    ballast = Path(state) / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1024)
    return ballast


def read_only(state: str, url: str) -> dict:
    """The same file system, remounted."""
    remounted(state)
    return during_and_after(
        state, url, lambda: subprocess.run(["mount", "-o", "remount,rw", state], check=True, capture_output=True)
    )


def remounted(state: str) -> None:
    """Mount, copy, and let nothing be written any more."""
    saved = {path.name: path.read_bytes() for path in Path(state).iterdir()}
    mount(state, "size=1m")
    for name, data in saved.items():
        (Path(state) / name).write_bytes(data)
    subprocess.run(["mount", "-o", "remount,ro", state], check=True, capture_output=True)


def unwritable(state: str, url: str) -> dict:
    """A directory without the right to write, for a user who is not root."""
    become_nobody(state, url)
    os.chmod(state, 0o500)
    return during_and_after(state, url, lambda: os.chmod(state, 0o700))


def unreadable(state: str, url: str) -> dict:
    """A session file without the right to read."""
    become_nobody(state, url)
    path = Path(state) / "workos-session.json"
    path.chmod(0o200)
    return during_and_after(state, url, lambda: path.chmod(0o600))


def during_and_after(state: str, url: str, mend) -> dict:
    before = None
    with contextlib.suppress(PermissionError):
        before = (Path(state) / "workos-session.json").read_bytes()
    during = act(state, url, "fresh")
    kept = before is None or (Path(state) / "workos-session.json").read_bytes() == before
    mend()
    return {"during": during, "kept": kept, "after": act(state, url, "fresh")}


def mount(folder: str, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True)


def become_nobody(state: str, url: str) -> None:
    if os.geteuid() != 0:
        return
    with Http() as http:
        # everything is loaded while we may still read the interpreter's files
        http.request("GET", f"{url}/none")
    for path in (Path(state), *Path(state).iterdir()):
        os.chown(path, NOBODY, NOBODY)
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


if __name__ == "__main__":
    cases = (full, full_sign_out, full_sign_in, read_only, read_only_sign_out, unwritable, unreadable)
    (case,) = (case for case in cases if case.__name__ == sys.argv[1])
    print(json.dumps(case(*sys.argv[2:4])))
