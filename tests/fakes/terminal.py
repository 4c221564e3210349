"""A person at a terminal: a program on a pty, what it shows, what is typed."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from typing import Self

import pytest


class Terminal:
    """`amika` on a pty of its own.

    with Terminal(["secret", "push", "A=b"], env) as terminal:
        terminal.expect("[y/N]")
        terminal.type("y")
        code = terminal.end()
    """

    def __init__(
        self,
        words: list[str],
        env: dict[str, str],
        *,
        columns: int = 100,
        program: tuple[str, ...] = (sys.executable, "-m", "amika_cli.main"),
    ) -> None:
        self.seen = ""
        self._master, slave = pty.openpty()
        import fcntl
        import struct
        import termios

        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            [*program, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            start_new_session=True,
        )
        os.close(slave)

    def type(self, line: str | bytes, end: str = "\n") -> None:
        """Type a line and Enter, or another `end`."""
        os.write(self._master, (line.encode() if isinstance(line, str) else line) + end.encode())

    def expect(self, text: str, seconds: float = 20.0) -> str:
        """Read until `text` is on the screen; return everything seen so far."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            if time.monotonic() > end or not self._read(0.1):
                pytest.fail(f"never saw {text!r}; the screen: {self.seen!r}")
        return self.seen

    def end(self, seconds: float = 20.0) -> int:
        """Read until the program ends; return its exit code."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._read(0.1):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def echoes(self) -> bool:
        """Tell whether the terminal shows what is typed."""
        import termios

        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def _read(self, seconds: float) -> bool:
        """Read what is there; False when the program has closed its terminal."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the last process on the pty has gone
            return False
        self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._master)
