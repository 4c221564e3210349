"""Who asks: the name of a program, for the activity log. A hint for people, no proof: a program names itself."""

from __future__ import annotations

import os
import subprocess

PS = "/bin/ps"  # where there is no /proc; not one that PATH names


def program(pid: int | None) -> str:
    """Return "name (pid N)" of a running process, or "unknown"."""
    if not pid or pid < 0:
        return "unknown"
    name = _from_proc(pid) or os.path.basename(from_ps(pid, "-o", "comm="))[:64]
    return f"{name} (pid {pid})" if name else f"pid {pid}"


def _from_proc(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read(64).strip()
    except OSError:
        return ""


def from_ps(pid: int, *flags: str) -> str:
    """Return what `ps` prints of a process, "" when it does not; `flags` say which of its columns."""
    try:
        done = subprocess.run(  # noqa: S603 -- flags and a number of our own
            [PS, *flags, "-p", str(pid)], capture_output=True, text=True, timeout=2, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
