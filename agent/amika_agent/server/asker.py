"""Whether values may be given to the one who asks: only to a program of ours in which a person has clicked.

This keeps the socket from being one more way for whatever runs as this user. It is no wall: such a program can read the
same credential files, and can run the tray and reach into it.
"""

from __future__ import annotations

import os
import sys

from amika_agent.activity.caller import from_ps

TRAY = "amika-tray"
ISOLATION = (
    "-E",
    "-P",
    "-IS",
)  # how our programs start each other, and how their scripts start; such a flag takes no value and runs nothing itself
MAX_BYTES = 1 << 16


def is_our_tray(pid: int | None) -> bool:
    """Tell whether a process is the tray that was installed together with this program."""
    return runs(pid, os.path.join(os.path.dirname(sys.executable), TRAY))


def runs(pid: int | None, program: str) -> bool:
    """Tell whether the system says of a process that it runs `program`, itself or as a script of this interpreter."""
    if not pid or pid < 0 or not os.path.isfile(program):
        return False
    runs_now, words, folder = _link(pid, "exe"), _words(pid), _link(pid, "cwd")
    if runs_now == os.path.realpath(program):
        return True
    if words and not runs_now and _same(words[0], program, folder):
        return True  # where the system does not say what it runs, its first word does
    # an interpreter with the script as its first argument; what comes later is only data
    script = next((word for word in words[1:] if word not in ISOLATION), "")
    return bool(script) and _same(words[0], sys.executable, folder) and _same(script, program, folder)


def _same(word: str, path: str, folder: str) -> bool:
    word = os.path.join(folder, word)
    return os.path.isabs(word) and os.path.realpath(word) == os.path.realpath(path)


def _link(pid: int, name: str) -> str:
    try:
        return os.path.realpath(os.readlink(f"/proc/{pid}/{name}"))
    except OSError:
        return ""


def _words(pid: int) -> list[str]:
    if not os.path.isdir("/proc/self"):
        return from_ps(pid, "-ww", "-o", "args=").split()
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="surrogateescape") as file:
            return file.read(MAX_BYTES).split("\0")
    except OSError:
        return []
