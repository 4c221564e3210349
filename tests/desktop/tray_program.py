"""`amika-tray` as a person runs it; everything it writes to stderr is held against it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping

from tests.desktop.screen import Desktop, Program

# the entry point, with the command that starts the agent given: tests with an agent of their own start none
ENTRY = """
import os, sys
from amika_tray.main import run
sys.exit(run(sys.argv[2:], os.environ, sys.argv[1].split()))
"""


class TrayProgram:
    """A running tray.

    program        the installed `amika-tray`, which starts the real agent; "" for one whose
    agent_command  (words) stands for `amika-agent start`
    """

    def __init__(
        self,
        desktop: Desktop,
        env: Mapping[str, str],
        *flags: str,
        program: str = "",
        agent_command: str = "/bin/true",
    ) -> None:
        self._desktop = desktop
        command = [program, *flags] if program else [sys.executable, "-c", ENTRY, agent_command, *flags]
        self.program: Program = desktop.start("amika-tray", command, env=env)

    @property
    def pid(self) -> int:
        """Return its process."""
        return self.program.process.pid

    @property
    def running(self) -> bool:
        """Tell whether it runs."""
        return self.program.running

    def kill(self) -> None:
        """End it as nobody should."""
        self.program.end(signal.SIGKILL)
        self._desktop.programs.remove(self.program)

    def end(self) -> None:
        """End it as a session does, and hold against it what it said; nothing to do when it was killed."""
        if self.program not in self._desktop.programs:
            return
        code = self.program.end()
        self._desktop.programs.remove(self.program)
        assert (code, self.program.said) == (0, ""), f"{code}: {self.program.said}"
