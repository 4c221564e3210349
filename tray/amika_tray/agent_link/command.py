"""Runs one of our own commands beside the tray; the GUI never waits for it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from amika_shared.redaction import safe_line
from amika_tray.wording import elided, t

LIMIT = 30.0


def own_program(name: str) -> str:
    """Return the program of ours called `name`: the one beside this program, else the one on PATH, else ""."""
    beside = os.path.join(os.path.dirname(sys.executable), name)
    return beside if os.access(beside, os.X_OK) else shutil.which(name) or ""


class Command(QObject):
    """One run of a program of ours. Exactly one of `done` and `failed` comes.

    Args:
        words: program and arguments; a program of "" means that none was found.
        parent: owner.

    """

    done = Signal(str)
    """What it printed."""
    failed = Signal(str)
    """Why not, one line that is safe to show."""

    def __init__(self, words: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = list(words)
        self._over = False
        self._process = QProcess(self)
        self._process.setStandardInputFile(QProcess.nullDevice())
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._error)
        self._limit = QTimer(self, singleShot=True)
        self._limit.timeout.connect(self._too_long)

    def start(self) -> None:
        """Begin."""
        program, *arguments = self._words
        if not program:
            QTimer.singleShot(0, self, lambda: self._fail(t("amika is not installed beside amika-tray")))
            return
        self._limit.start(round(LIMIT * 1000))
        self._process.start(program, arguments)

    def stop(self) -> None:
        """End it without a further signal; safe to call twice."""
        if not self._over:
            self._end()
            self._process.kill()
            self._process.waitForFinished(1000)

    def let_go(self) -> None:
        """Be gone as soon as its process is."""
        if self._process.state() == QProcess.ProcessState.NotRunning:
            self.deleteLater()
        else:
            self._process.finished.connect(self.deleteLater)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if status == QProcess.ExitStatus.NormalExit and code == 0:
            self._end()
            self.done.emit(_text(self._process.readAllStandardOutput().data()))
            return
        said = _text(self._process.readAllStandardError().data())
        self._fail(elided(safe_line(_reason(said)), 300) or t("it ended with code {code}", code=code))

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(t("{program} cannot be run", program=safe_line(self._words[0])))

    def _too_long(self) -> None:
        self._process.kill()
        self._fail(t("it did not end within {n} s", n=round(LIMIT)))

    def _fail(self, reason: str) -> None:
        if not self._over:
            self._end()
            self.failed.emit(reason)

    def _end(self) -> None:
        self._over = True
        self._limit.stop()
        self._process.finished.disconnect(self._finished)


def _reason(said: str) -> str:
    """Return the error among what a command said, with what to do next; notes may stand before it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    at = next((number for number, line in enumerate(lines) if line.startswith("amika: ")), None)
    if at is None:
        return lines[0] if lines else ""
    return ". ".join([lines[at].removeprefix("amika: ").rstrip("."), *lines[at + 1 :]])


def _text(data: bytes | bytearray | memoryview) -> str:
    return bytes(data).decode("utf-8", "replace")
