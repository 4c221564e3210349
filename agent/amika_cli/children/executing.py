"""Becoming another program."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from amika_local.errors import AmikaError

NOT_FOUND = 127
NOT_EXECUTABLE = 126


class CannotRun(AmikaError):
    """The command cannot be started; exit codes as shells give them: 127 not found, 126 not executable."""

    code = "cannot_run"

    def __init__(self, message: str, exit_code: int, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.exit_code = exit_code


def become(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Replace this process by `command`; on Windows wait for it and return its exit code.

    Raises:
        CannotRun: there is no such program, or it cannot be executed.

    """
    sys.stdout.flush()
    try:
        if sys.platform == "win32":
            import subprocess

            return subprocess.call(list(command), env=dict(env))  # noqa: S603 -- running it is the purpose
        # Python ignores these two; a program that inherits that would not end when its reader goes
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(command[0], list(command), dict(env))  # noqa: S606 -- running it is the purpose
    except FileNotFoundError:
        raise CannotRun(
            f"{command[0]}: command not found", NOT_FOUND, remedy="Check its name, or give its path."
        ) from None
    except OSError as error:
        if error.errno == errno.E2BIG:
            raise _too_long(command[0], env) from None
        reason = os.strerror(error.errno or 0)
        raise CannotRun(
            f"{command[0]} cannot be run: {reason}", NOT_EXECUTABLE, remedy="Name a program that you may execute."
        ) from None


def _too_long(program: str, env: Mapping[str, str]) -> CannotRun:
    longest = max(env, key=lambda name: len(env[name]), default="")
    what = f"{program} cannot be run: its arguments and environment are longer than this system allows"
    return CannotRun(what, NOT_EXECUTABLE, remedy=f"The longest variable is {longest}; --only A,B passes just A and B.")
