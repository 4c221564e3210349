"""The report of `amika doctor`: redacted by the one who makes it, safe to paste into a bug report."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from amika_shared.redaction import redact
from amika_shared.snapshot import Snapshot
from amika_tray.agent_link.command import Command
from amika_tray.labels import text_label
from amika_tray.menu.describe import Link
from amika_tray.window.pages import Host
from amika_tray.wording import t


class DiagnosticsPage(QWidget):
    """Text, Copy, Refresh, and a restart of the agent."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._running: Command | None = None
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(t("Report"))
        self.copy = QPushButton(t("&Copy"))
        self.copy.setEnabled(False)
        self.copy.clicked.connect(self._copy)
        again = QPushButton(t("&Refresh"))
        again.clicked.connect(self._run)
        restart = QPushButton(t("Restart the &agent"))
        restart.clicked.connect(lambda: host.act("restart_agent"))
        row = QHBoxLayout()
        row.addWidget(restart)
        row.addStretch(1)
        for button in (again, self.copy):
            row.addWidget(button)
        for button in (restart, again, self.copy):
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(
            text_label(t("Safe to paste into a bug report: it holds no values, no e-mail addresses and no names."))
        )
        layout.addWidget(self.text, 1)
        layout.addLayout(row)

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:
        """Nothing of the report follows the agent by itself."""

    def opened(self) -> None:
        """Make the report when it is first looked at."""
        if not self.text.toPlainText():
            self._run()

    def focus(self) -> QWidget:
        """Return the text."""
        return self.text

    def _run(self) -> None:
        if self._running is not None:
            return
        self.text.setPlaceholderText(t("Gathering…"))
        self._running = self._host.command("doctor")
        self._running.done.connect(self._done)
        self._running.failed.connect(self._failed)
        self._running.start()

    def _done(self, report: str) -> None:
        self._over()
        self.text.setPlainText(redact(report))  # redacted already; twice does no harm
        self.copy.setText(t("&Copy"))  # this one is not copied yet
        self.copy.setEnabled(True)

    def _failed(self, reason: str) -> None:
        self._over()
        self.text.setPlainText(t("The report could not be made: {reason}", reason=reason))
        self.copy.setEnabled(False)

    def _over(self) -> None:
        self._running = None

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
        self.copy.setText(t("Copied"))
