"""`amika-tray`: options in, exit code out. Everything that can keep a tray from running is told here in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amika_shared import BUILD
from amika_shared.profile import resolve
from amika_shared.search_path import forget_relative

USAGE = """\
usage: amika-tray [--local] [--homedir PATH] [--hidden]

Shows in the tray who is signed in and what is in sync, and keeps the agent running.

  --local          use the local workspace instead of your account
  --homedir PATH   look for credentials in this home
  --hidden         open no window, not even where there is no tray (for start at login)
  --version        print the version
  -h, --help       show this help
"""
NO_DISPLAY = """\
there is no display to show an icon on (neither DISPLAY nor WAYLAND_DISPLAY is set).
  `amika up` does the same work in a terminal; `amika status` shows it."""
NO_QT = """\
the tray's parts are not installed ({reason}).
  pip install 'amika-desktop[tray]'; on Debian also: apt install libgl1 libegl1 libxkbcommon0 libdbus-1-3 \
libfontconfig1 libglib2.0-0"""


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    local: bool = False
    homedir: str | None = None
    hidden: bool = False
    told: str = ""


class UsageError(Exception):
    """The command line is wrong; the text says how."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run `amika-tray` and return its exit code: 0 done, 2 usage, 5 cannot run here."""
    _keep_out_of_core_files()
    forget_relative()  # the browser, and whatever else is started, is not taken from the folder one stands in
    return run(sys.argv[1:] if argv is None else argv, os.environ)


def run(argv: Sequence[str], env: Mapping[str, str], agent_command: Sequence[str] | None = None) -> int:
    """Do what `main` does, in this environment.

    Args:
        argv: arguments without the program's name.
        env: environment.
        agent_command: starts the agent; by default the `amika-agent` beside this program.

    """
    try:
        options = parse(argv)
    except UsageError as error:
        return _complain(f"{error}\n  `amika-tray --help` shows the flags.", 2)
    if options.told:
        print(options.told, end="")  # noqa: T201 -- the answer to --help and --version
        return 0
    if sys.platform == "linux" and not any(env.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return _complain(NO_DISPLAY, 5)
    try:
        from amika_tray import desktop  # noqa: PLC0415 -- Qt is an extra: its absence is told in words
    except ImportError as error:
        return _complain(NO_QT.format(reason=error), 5)
    profile = resolve(env, local=options.local, homedir=options.homedir)
    command = agent_command or desktop.default_agent_command(local=options.local, homedir=options.homedir)
    try:
        return desktop.run(profile, env, command, desktop.Manner(options.local, options.hidden, _flags(options)))
    except desktop.CannotRun as error:
        return _complain(str(error), 5)


def _keep_out_of_core_files() -> None:
    """Have no core file made of this process: it holds values on their way to the clipboard."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 -- not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def parse(argv: Sequence[str]) -> Options:
    """Return the options.

    Raises:
        UsageError: unknown flag, missing value, or a word that is no flag.

    """
    local, hidden, homedir = False, False, None
    queue = list(argv)
    while queue:
        word = queue.pop(0)
        name, has_value, value = word.partition("=")
        if word in ("-h", "--help"):
            return Options(told=USAGE)
        if word == "--version":
            return Options(told=f"amika-tray {BUILD}\n")
        if word == "--local":
            local = True
        elif word == "--hidden":
            hidden = True
        elif name == "--homedir":
            homedir = value if has_value else queue.pop(0) if queue else ""
            if not os.path.isdir(homedir):
                raise UsageError("--homedir needs the path of a folder")
        else:
            raise UsageError(f"unknown flag {name}" if word.startswith("-") else "amika-tray takes flags only")
    return Options(local=local, homedir=homedir, hidden=hidden)


def _flags(options: Options) -> tuple[str, ...]:
    return ("--local",) if options.local else ()


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"amika-tray: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
