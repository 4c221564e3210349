"""`amika-agent`: run, start, stop, restart, status; for the tray and service managers. People type `amika agent`."""

from __future__ import annotations

import json
import os
import sys

from amika_local.errors import AmikaError, Failed, NotFound, UsageError
from amika_shared import BUILD
from amika_shared.folders import NoHome
from amika_shared.redaction import safe_line

USAGE = """usage: amika-agent COMMAND [--local] [--homedir DIR] [--log-level LEVEL]

  run      run the agent in the foreground
  start    start it in the background
  stop     stop it
  restart  stop it and start it again
  status   tell whether it runs

  --local            the local workspace's profile
  --homedir DIR      look at another home
  --log-level LEVEL  debug, info, warning or error
"""
FAILED_START = 10.0  # seconds
LEVELS = ("debug", "info", "warning", "error")


class Options:
    """What was asked for on the command line."""

    def __init__(self) -> None:
        self.command = ""
        self.local = False
        self.homedir: str | None = None
        self.log_level: str | None = None
        self.detach = False


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if "--help" in argv or "-h" in argv:
        sys.stdout.write(USAGE)
        return 0
    if argv[:1] == ["--version"]:
        sys.stdout.write(f"amika-agent {BUILD}\n")
        return 0
    try:
        return _COMMANDS[(options := parse(argv)).command](options)
    except AmikaError as error:
        _complain(f"{error.message}\n  {error.remedy}" if error.remedy else error.message)
        return error.exit_code
    except NoHome as error:
        _complain(str(error))
        return UsageError.exit_code
    except KeyboardInterrupt:
        return 130


def parse(argv: list[str]) -> Options:
    """Return the options of a command line; raises UsageError."""
    options = Options()
    queue = list(argv)
    while queue:
        word, _, value = queue.pop(0).partition("=")
        if word == "--local" and not value:
            options.local = True
        elif word == "--detach" and not value:  # how `start` calls `run`
            options.detach = True
        elif word in ("--homedir", "--log-level"):
            value = value or (queue.pop(0) if queue else "")
            if not value:
                raise UsageError(f"{word} needs a value")
            setattr(options, word[2:].replace("-", "_"), value)
        elif word in _COMMANDS and not options.command:
            options.command = word
        else:
            raise UsageError("unknown flag or command", remedy="See amika-agent --help.")
    if not options.command:
        raise UsageError("which command?", remedy="See amika-agent --help.")
    if options.log_level is not None and options.log_level not in LEVELS:
        raise UsageError(f"--log-level must be one of: {', '.join(LEVELS)}")
    return options


def run(
    *, local: bool = False, homedir: str | None = None, log_level: str | None = None, detached: bool = False
) -> int:
    """Be the agent, in the foreground, until SIGTERM, SIGINT or a client's `stop`. Return the exit code.

    With `detached` the process that was called ends as soon as the agent answers, having printed one line of JSON:
    {"pid"} or {"error", "remedy", "code"}, or {} when it ended without a word; the agent itself goes on behind it.

    Raises:
        AlreadyRunning: one runs already.
        Failed: a folder cannot be used.

    """
    from amika_agent.hardening import harden

    harden()
    import asyncio

    from amika_agent.clock import SystemClock
    from amika_agent.instance import only_one
    from amika_agent.logs import start_log
    from amika_agent.service import serve
    from amika_agent.settings import load
    from amika_agent.workspace.detach import detach
    from amika_shared.profile import resolve

    env = dict(os.environ)
    profile = resolve(env, local=local, homedir=homedir)
    level = log_level or load(profile.settings_file, profile.name).text("agent.log_level")
    tell = detach(profile.agent_log) if detached else _nobody
    try:
        with only_one(profile, SystemClock()):
            start_log(profile.agent_log, level, to_stderr=sys.stderr is not None and sys.stderr.isatty())
            if not asyncio.run(serve(profile, env, lambda: tell({"pid": os.getpid()}))):
                os._exit(0)  # a request hangs; everything it was part of is journaled, and its thread cannot be ended
    except AmikaError as error:
        tell({"error": error.message, "remedy": error.remedy, "code": error.code})
        raise
    return 0


def _nobody(_: object) -> None:
    """Nobody waits for the start of an agent in the foreground."""


def _run(options: Options) -> int:
    level, detached = options.log_level, options.detach
    try:
        return run(local=options.local, homedir=options.homedir, log_level=level, detached=detached)
    except Failed as error:
        from amika_agent.clock import SystemClock
        from amika_agent.instance import AlreadyRunning

        if isinstance(error, AlreadyRunning):
            # what was asked for is so: whoever supervises us must take it neither for a failure nor try again
            _complain(error.message)
            return 0
        if not detached and _supervised():
            # a crash is followed by a new start after a second; what keeps a start from succeeding lasts longer
            _complain(error.message)
            SystemClock().sleep(FAILED_START)
        raise


def _supervised() -> bool:
    """Tell whether systemd started us: it will start us again."""
    return "INVOCATION_ID" in os.environ and not (sys.stderr is not None and sys.stderr.isatty())


def _start(options: Options) -> int:
    from amika_agent.process import start

    found = start(local=options.local, homedir=options.homedir)
    sys.stdout.write(f"the agent {'is already running' if found.already else 'started'} (pid {found.pid})\n")
    return 0


def _stop(options: Options) -> int:
    from amika_agent.process import stop

    stopped = stop(local=options.local, homedir=options.homedir)
    sys.stdout.write("the agent stopped\n" if stopped else "no agent is running\n")
    return 0


def _restart(options: Options) -> int:
    _stop(options)
    return _start(options)


def _status(options: Options) -> int:
    from amika_agent.process import status

    found = status(local=options.local, homedir=options.homedir)
    if not found:
        raise NotFound("no agent is running", remedy="Start it: amika agent start")
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _complain(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write("amika-agent: " + "\n".join(safe_line(line) for line in text.split("\n")) + "\n")


_COMMANDS = {"run": _run, "start": _start, "stop": _stop, "restart": _restart, "status": _status}

if __name__ == "__main__":
    sys.exit(main())
