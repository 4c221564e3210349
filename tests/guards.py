"""What a test must not do: reach other machines, touch the real home, leave a process behind."""

from __future__ import annotations

import ipaddress
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

REAL_HOME = os.path.expanduser("~")
# what our programs and the tools they read keep in a home; the rest of it is none of our business
PERSONAL = tuple(
    os.path.join(REAL_HOME, name)
    for name in (
        ".almyty",
        ".amika",
        ".amp",
        ".cache/amika",
        ".claude",
        ".codex",
        ".config/amika",
        ".gemini",
        ".kimi",
        ".local/share/amika",
        ".local/share/opencode",
        ".local/state/amika",
        ".qwen",
    )
)
STARTS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system")
PROC = Path("/proc")

_started = 0


def take_signals() -> None:
    """Let the programs that tests start be interrupted, also when these run in the background (`nohup make test &`).

    What a process ignores its children ignore too; a handler they do not inherit. This process goes on as it was told.
    """
    for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, _ignore)


def _ignore(_: int, __: object) -> None:
    pass


def starts() -> int:
    """Return how often this process started another one."""
    return _started


def watch_this_process() -> None:
    """Refuse other machines and the real home from now on; an audit hook cannot be taken off again."""
    sys.addaudithook(_refuse)


def _refuse(event: str, args: tuple[object, ...]) -> None:
    global _started  # noqa: PLW0603 -- an audit hook has no other place to count
    if event == "open":
        if isinstance(args[0], str) and args[0].startswith(PERSONAL):
            raise RuntimeError(f"a test tried to open {args[0]}: that is the real home")
    elif event in ("socket.connect", "socket.sendto"):
        if isinstance(args[1], tuple) and not _is_loopback(args[1][0]):
            raise RuntimeError(f"a test tried to reach {args[1][0]}: loopback only")
    elif event == "socket.getaddrinfo":
        if args[0] not in (None, "", b"") and not _is_loopback(args[0]):
            raise RuntimeError(f"a test tried to look up {args[0]!r}: loopback only")
    elif event in STARTS:
        _started += 1


def _is_loopback(host: object) -> bool:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def processes_below(folder: Path) -> dict[int, str]:
    """Return pid -> command of the live processes of ours whose HOME is `folder` or lies below it."""
    if not isinstance(folder, Path) or not folder.is_absolute() or len(folder.parts) < 3:
        # they are killed: below "" or "/" lies the HOME of everything that runs
        raise ValueError(f"{folder!r} is no folder of a test; does a parameter of the test hide the fixture `home`?")
    wanted = os.fsencode(folder)
    found = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
        home = next((item[5:] for item in environment if item.startswith(b"HOME=")), b"")
        if int(entry.name) != os.getpid() and (home == wanted or home.startswith(wanted + b"/")):
            found[int(entry.name)] = command.replace(b"\0", b" ").decode("utf-8", "replace").strip()[:120]
    return found


def children() -> dict[int, str]:
    """Return pid -> command of the live children of this process."""
    found = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (entry / "cmdline").read_text("utf-8", "replace")
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found[int(entry.name)] = command.replace("\0", " ").strip()[:120]
    return found


def wait_until_gone(look: Callable[[], dict[int, str]], seconds: float) -> dict[int, str]:
    """Return what `look()` still finds after at most `seconds`, having killed it."""
    end = time.monotonic() + seconds
    while True:
        left = look()
        if not left or time.monotonic() > end:
            break
        time.sleep(0.05)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return left
