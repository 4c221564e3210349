"""Starts the agent as a command of its own; the GUI never waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from amika_shared.redaction import safe_line
from amika_tray.wording import elided, t

START_TIMEOUT = 30.0


class Starter(QObject):
    """Runs `amika-agent start …` or `restart …`, which return once the agent answers.

    command  program and its arguments; a program of "" means that none was found
    """

    finished = Signal(str)
    """"" when the agent was started (or ran already), else why it could not be: one line."""

    def __init__(self, command: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = list(command)
        self._process: QProcess | None = None
        self._limit = QTimer(self, singleShot=True)
        self._limit.timeout.connect(self._too_long)

    @property
    def running(self) -> bool:
        """Tell whether a start is under way."""
        return self._process is not None

    def start(self, *, restart: bool = False) -> None:
        """Begin; does nothing while a start is under way. restart: end the running agent first."""
        if self._process is not None:
            return
        program, *arguments = self._command
        if restart:
            arguments = ["restart" if word == "start" else word for word in arguments]
        if not program:
            QTimer.singleShot(0, self, lambda: self.finished.emit(t("amika-agent is not installed beside amika-tray")))
            return
        process = QProcess(self)
        process.setStandardInputFile(QProcess.nullDevice())
        process.setStandardOutputFile(QProcess.nullDevice())
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._error)
        self._process = process
        self._limit.start(round(START_TIMEOUT * 1000))
        process.start(program, arguments)

    def stop(self) -> None:
        """Forget a start under way; the agent may come up nevertheless."""
        process, self._process = self._process, None
        self._limit.stop()
        if process is not None:
            process.finished.disconnect(self._finished)
            process.errorOccurred.disconnect(self._error)
            process.kill()
            process.waitForFinished(1000)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        said = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
        ok = status == QProcess.ExitStatus.NormalExit and code == 0
        self._over("" if ok else _reason(said, code))

    def _error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._over(t("{program} cannot be run", program=safe_line(self._command[0])))

    def _too_long(self) -> None:
        if self._process is not None:
            self.stop()
            self.finished.emit(t("the agent did not start within {n} s", n=round(START_TIMEOUT)))

    def _over(self, reason: str) -> None:
        process, self._process = self._process, None
        self._limit.stop()
        if process is not None:
            process.deleteLater()
        self.finished.emit(reason)


def _reason(said: str, code: int) -> str:
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    first = first.removeprefix("amika-agent: ").removeprefix("amika: ")
    return elided(safe_line(first), 200) or t("amika-agent start ended with code {code}", code=code)
