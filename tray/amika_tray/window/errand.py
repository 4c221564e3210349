"""A command that a page has done for a person, and the line on the page that tells what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel

from amika_shared.redaction import safe_line
from amika_tray.agent_link.command import Command
from amika_tray.labels import selectable
from amika_tray.wording import sentences


class Commands(Protocol):
    """Where commands come from."""

    def command(self, *words: str) -> Command:
        """Return a command of `amika`, not yet started; words follow the program's name."""


class Errand(QLabel):
    """Runs one command at a time. Hidden while there is nothing to tell.

    host  has the commands
    """

    changed = Signal()
    """One has begun, or is over."""

    def __init__(self, host: Commands) -> None:
        super().__init__()
        self._host = host
        self._running: Command | None = None
        self._said: Callable[[str], str] = str
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        selectable(self)
        self.hide()

    @property
    def is_running(self) -> bool:
        """Tell whether one is under way."""
        return self._running is not None

    def run(self, words: Sequence[str], meanwhile: str, said: Callable[[str], str]) -> None:
        """Run a command of `amika`; nothing when one is under way.

        Args:
            words: the command, without the program.
            meanwhile: what is told until it is over.
            said: makes what is told out of what it printed; when it fails its reason is told.

        """
        if self._running is not None:
            return
        self._said = said
        self._running = self._host.command(*words)
        self._running.done.connect(self._done)
        self._running.failed.connect(self._failed)  # a method: it is let go when this page goes first
        self._running.start()
        self._tell(meanwhile)
        self.changed.emit()

    def clear_told(self) -> None:
        """Tell no longer of what is over."""
        if self._running is None:
            self._tell("")

    def _done(self, printed: str) -> None:
        self._over(self._said(printed))

    def _failed(self, reason: str) -> None:
        self._over(sentences(reason))

    def _over(self, text: str) -> None:
        self._running = None
        self._tell("\n".join(safe_line(line) for line in text.strip().splitlines()))
        self.changed.emit()

    def _tell(self, text: str) -> None:
        self.setText(text)
        self.setVisible(bool(text))
