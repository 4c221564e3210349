"""An `amika` that notes what it is asked for and answers as it is told; for tests of who starts it."""

from __future__ import annotations

import shlex
from pathlib import Path


class AmikaProgram:
    """A program in a folder of the test.

    path  what is started
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "amika"
        self._asked = folder / "asked"
        self._gate = folder / "gate"
        self.answers("")

    def answers(self, printed: str, *, error: str = "", code: int = 0) -> None:
        """Print this from now on, the error to stderr, and end with the code."""
        self._gate.touch()
        lines = [
            "#!/bin/sh",
            f"printf '%s\\n' \"$*\" >> {shlex.quote(str(self._asked))}",
            f"while [ ! -e {shlex.quote(str(self._gate))} ]; do sleep 0.02; done",
            f"printf '%s' {shlex.quote(printed)}",
            f"printf '%s' {shlex.quote(error)} >&2",
            f"exit {code}",
        ]
        new = self.path.with_suffix(".new")
        new.write_text("\n".join(lines) + "\n")
        new.chmod(0o700)
        new.rename(self.path)

    def holds(self) -> None:
        """Answer only after `lets_go`."""
        self._gate.unlink()

    def lets_go(self) -> None:
        """Answer what waits."""
        self._gate.touch()

    @property
    def asked(self) -> list[str]:
        """Return the command lines, without the program."""
        return self._asked.read_text().splitlines() if self._asked.exists() else []
