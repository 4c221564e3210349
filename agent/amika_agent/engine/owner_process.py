"""Which programs run, and starting one of them without a terminal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping

_INTERPRETERS = ("node", "bun", "deno", "python", "python3")
_MAX = 4096


def running_names(proc: str = "/proc") -> frozenset[str]:
    """Return the names under which this user's processes run: the program's, and of an interpreter its script's.

    Empty where there is no /proc; then nothing is known and every owner counts as not running.
    """
    names: set[str] = set()
    try:
        ids = [name for name in os.listdir(proc) if name.isdecimal()]
    except OSError:
        return frozenset()
    for process in ids:
        folder = os.path.join(proc, process)
        try:
            if os.stat(folder).st_uid != os.geteuid():
                continue
            with open(os.path.join(folder, "comm"), encoding="utf-8", errors="replace") as file:
                names.add(file.read(64).strip())
            with open(os.path.join(folder, "cmdline"), "rb") as file:
                names |= _of_command(file.read(_MAX).decode("utf-8", "replace").split("\0"))
        except OSError:
            continue  # it has ended meanwhile
    return frozenset(names)


def _of_command(words: list[str]) -> set[str]:
    program = os.path.basename(words[0])
    names = {program}
    if program.startswith(_INTERPRETERS):
        script = next((word for word in words[1:] if word and not word.startswith("-")), "")
        names |= {os.path.basename(script).removesuffix(".js"), os.path.basename(os.path.dirname(script))}
        # …/node_modules/@openai/codex/bin/codex.js, …/@anthropic-ai/claude-code/cli.js
        names |= {"claude"} if "/claude-code/" in script else set()
    return names - {""}


class OwnersCommand:
    """A started command; what it prints goes nowhere."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def ended(self) -> bool:
        """Tell whether it has ended by itself."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it, with what it started, and wait for its end."""
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, 9)
            except OSError:
                self._process.kill()
        self._process.wait()


def starter(env: Mapping[str, str], home: str) -> Callable[[tuple[str, ...]], OwnersCommand]:
    """Return what starts a command in `home` with this environment, in a session of its own."""

    def start(words: tuple[str, ...]) -> OwnersCommand:
        null = subprocess.DEVNULL
        return OwnersCommand(
            subprocess.Popen(  # noqa: S603 -- words of our own table
                list(words), stdin=null, stdout=null, stderr=null, cwd=home, env=dict(env), start_new_session=True
            )
        )

    return start
