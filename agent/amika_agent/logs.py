"""The agent's log: 0600, rotated, one redacted line an event; tracebacks without values."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
import sys
import threading
import time
from io import TextIOWrapper
from itertools import pairwise
from types import TracebackType
from typing import IO, TYPE_CHECKING

from amika_agent.stores.private_file import make_private_dir, refuse_other
from amika_shared.redaction import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amika_agent.clock import Clock

MAX_BYTES = 1_000_000
BACKUPS = 2
# libraries whose debug lines hold headers, bodies or file contents
_TALKATIVE = ("asyncio", "httpx", "httpcore", "urllib3", "keyring", "watchdog", "markdown_it", "hpack", "uvicorn")


class _Line(logging.Formatter):
    """`2026-01-31T12:00:00Z info lanes: message`; an exception is its type and place, never its text or locals."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        name = record.name.removeprefix("amika_agent.")
        text = f"{stamp} {record.levelname.lower()} {name}: {safe_line(record.getMessage())}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" [{trace(record.exc_info[1])}]"
        return text


class _PrivateFile(logging.FileHandler):
    """A file that nobody else can read and that never follows a link; a full one is put aside.

    The standard library's, which does the same, brings modules along that cost a quarter of a megabyte.
    """

    stream: TextIOWrapper | None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.stream = self.stream or self._open()
            if os.fstat(self.stream.fileno()).st_size >= MAX_BYTES:
                self._put_aside(self.stream)
                self.stream = self._open()
        except OSError:
            self.handleError(record)
        else:
            super().emit(record)

    def _put_aside(self, full: TextIOWrapper) -> None:
        self.stream = None
        full.close()
        names = [self.baseFilename, *(f"{self.baseFilename}.{number}" for number in range(1, BACKUPS + 1))]
        for name, older in reversed(list(pairwise(names))):
            with contextlib.suppress(FileNotFoundError):
                os.replace(name, older)

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")


def start_log(path: str, level: str, *, to_stderr: bool) -> None:
    """Log to `path`, and to stderr when a person is watching.

    Raises:
        Failed: the folder cannot be made, or something else stands in the file's place.

    """
    make_private_dir(os.path.dirname(path))
    refuse_other(path)
    handlers: list[logging.Handler] = [_PrivateFile(path, encoding="utf-8")]
    if to_stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    for handler in handlers:
        handler.setFormatter(_Line())
        root.addHandler(handler)
    logging.getLogger("amika_agent").setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a full disk loses a line; it prints none, for it would hold the message
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_thread


def trace(error: BaseException) -> str:
    """Return an exception's type and the places it came through; its text may hold a value and is left out."""
    places = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{os.path.basename(code.co_filename)}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return " < ".join([type(error).__name__, *reversed(places[-8:])])


def tail(path: str, lines: int) -> list[str]:
    """Return the last lines of a log, redacted again (a crash may have written there by itself)."""
    try:
        with _opened(path) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64 * 1024))
            text = file.read(64 * 1024).decode(errors="replace")
    except OSError:
        return []
    found = [safe_line(line) for line in text.splitlines() if line.strip()]
    return found[-lines:] if lines else []


def follow(path: str, clock: Clock) -> Iterator[str]:
    """Yield the lines that are added to a log from now on, redacted again; rotation included. Never ends."""
    known = _size(path)
    while not clock.sleep(0.5):
        size = _size(path)
        if size < known:
            known = 0
        if size > known:
            data = _from(path, known, size)
            known += len(data)
            yield from (safe_line(line) for line in data.decode(errors="replace").splitlines() if line.strip())


def _from(path: str, start: int, end: int) -> bytes:
    try:
        with _opened(path) as file:
            file.seek(start)
            return file.read(end - start)
    except OSError:  # it is being rotated
        return b""


def _opened(path: str) -> IO[bytes]:
    # never waits for the writer of a FIFO
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    file = open(descriptor, "rb")  # noqa: SIM115 -- the caller closes it
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file")
    return file


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _log_uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    logging.getLogger("amika_agent").critical("uncaught: %s", trace(error))


def _log_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        logging.getLogger("amika_agent").critical("uncaught in a thread: %s", trace(args.exc_value))
