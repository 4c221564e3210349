"""A process that ends itself, as by kill -9, before one of its changes to the disk."""

from __future__ import annotations

import subprocess
import sys

_BEGIN = """
import os, sys
left, events = int(sys.argv[1]), sys.argv[2].split()
def before(event, _):
    global left
    if event in events:
        left -= 1
        if left < 0:
            os._exit(9)
del sys.argv[1:3]
"""


def killed_before(step: int, events: str, imports: str, code: str, *words: str) -> bool:
    """Run `code` and end it before its `step`-th event (from 0); tell whether that was before its end.

    events: names of `sys.addaudithook`, blanks between them; they count once `imports` are done.
    words: `sys.argv[1:]` of the code.
    """
    script = f"{_BEGIN}\n{imports}\nsys.addaudithook(before)\n{code}"
    command = [sys.executable, "-c", script, str(step), events, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9
