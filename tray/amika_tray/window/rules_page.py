"""Push rules, and what a sync would do now."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from amika_shared.redaction import safe_line
from amika_shared.snapshot import Snapshot
from amika_tray.agent_link.channel import Channel
from amika_tray.labels import selectable, text_label
from amika_tray.menu.describe import Link
from amika_tray.rows import left_out, plan_heads, plan_rows
from amika_tray.window.pages import Host
from amika_tray.window.rules_table import RulesTable
from amika_tray.window.table_page import TablePage
from amika_tray.wording import sentences, t


class RulesPage(QWidget):
    """Above what is kept in sync, below the preview."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._asked: Channel | None = None
        self.rules = RulesTable(host)
        self.plan = TablePage(plan_heads(), t("Preview"), _no_preview())
        self._told = selectable(text_label())
        self._told.hide()
        self.preview = self.plan.button(t("&Preview"))
        self.preview.clicked.connect(self._preview)
        self._sync = self.plan.button(t("Sync &now"))
        self._sync.clicked.connect(lambda: host.act("sync"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.rules, 3)
        layout.addWidget(text_label(t("What a sync would do now"), bold=True))
        layout.addWidget(self._told)
        layout.addWidget(self.plan, 2)

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:
        """Show the rules; a preview that was made before stays until the next one."""
        connected = link.state == "connected"
        self.rules.show_rules(snapshot if connected else None, now)
        self.preview.setEnabled(connected and self._asked is None)
        self._sync.setEnabled(connected)

    def opened(self) -> None:
        """Nothing is fetched: a preview asks the server, so a person asks for it."""
        self.rules.errand.clear_told()

    def focus(self) -> QWidget:
        """Return the rules."""
        return self.rules.table

    def _preview(self) -> None:
        if self._asked is not None:
            return
        self.preview.setEnabled(False)
        self.plan.explain(t("Asking…"), t("The files are read and the server is asked what it has."))
        self.plan.show_rows([])
        self._asked = self._host.ask("sync", {"dry_run": True}, self)
        self._asked.ended.connect(self._planned)
        self._asked.failed.connect(self._failed)

    def _planned(self, end: dict[str, Any]) -> None:
        self._over()
        self.plan.explain(t("Nothing to do"), t("There is no rule to follow, and nothing is left over."))
        self.plan.show_rows(plan_rows(end), left_out(end, "actions"))
        offline = end.get("offline") is True
        self._told.setVisible(offline)
        self._told.setText(t("Offline: this is what waits for the network.") if offline else "")

    def _failed(self, _code: str, message: str, remedy: str) -> None:
        self._over()
        said = [sentences(safe_line(part)) for part in (message, remedy) if part]
        self.plan.explain(t("There is no preview"), "\n".join(said))
        self.plan.show_rows([])

    def _over(self) -> None:
        self._asked = None
        self.preview.setEnabled(True)


def _no_preview() -> tuple[str, str]:
    return (t("No preview yet"), t("“Preview” shows what would be stored, replaced or deleted. It changes nothing."))
