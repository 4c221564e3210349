"""The session on a disk that is full, read-only or somebody else's: run in a mount namespace or as another user.

`python -m tests.process.session_disk_child CASE STATE URL`; prints one JSON object. The token in STATE is due.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.process.session_child import act

from amika_agent.http.client import Http

NOBODY = 65534


def full(state: str, url: str) -> dict:
    """A file system of 64 KiB: filled to the last block, then emptied."""
    saved = {path.name: path.read_bytes() for path in Path(state).iterdir()}
    mount(state, "size=64k")
    for name, data in saved.items():
        (Path(state) / name).write_bytes(data)
    ballast = Path(state) / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1024)
    return during_and_after(state, url, ballast.unlink)


def read_only(state: str, url: str) -> dict:
    """The same file system, remounted."""
    saved = {path.name: path.read_bytes() for path in Path(state).iterdir()}
    mount(state, "size=1m")
    for name, data in saved.items():
        (Path(state) / name).write_bytes(data)
    subprocess.run(["mount", "-o", "remount,ro", state], check=True, capture_output=True)
    return during_and_after(
        state, url, lambda: subprocess.run(["mount", "-o", "remount,rw", state], check=True, capture_output=True)
    )


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
    case = {"full": full, "read_only": read_only, "unwritable": unwritable, "unreadable": unreadable}[sys.argv[1]]
    print(json.dumps(case(*sys.argv[2:4])))
