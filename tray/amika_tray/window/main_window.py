"""The window: a list of pages at the left; above the state, the sign-in and the menu; the page at the right.

Where there is no tray it is all there is: whatever the icon's menu can do, the button “Menu” can.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMainWindow,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from amika_shared.snapshot import Snapshot
from amika_tray.icons import app_icon
from amika_tray.labels import ElidedLabel, text_label
from amika_tray.menu.describe import Link, headline
from amika_tray.window.diagnostics_page import DiagnosticsPage
from amika_tray.window.item_look import follow_palette, list_look
from amika_tray.window.pages import ActivityPage, CredentialsPage, FetchedPage, Host
from amika_tray.window.problems_page import ProblemsPage
from amika_tray.window.rules_page import RulesPage
from amika_tray.window.settings_page import SettingsPage
from amika_tray.window.vault_pages import ConnectionsPage, VaultPage
from amika_tray.wording import named, service_name, t

Page = CredentialsPage | RulesPage | FetchedPage | ProblemsPage | SettingsPage | DiagnosticsPage
SIZE = QSize(1100, 660)
SHARE = 0.9  # of the screen, at most
ROOM = 12  # pixels above and below a name in the list of pages, together
ICON = QSize(24, 24)


class MainWindow(QMainWindow):
    """Shows snapshots on pages; closing it only hides it from sight, the icon stays."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(t("Amika"))
        self.setWindowIcon(app_icon())
        self.resize(SIZE.boundedTo(self.screen().availableSize() * SHARE))
        self.pages: dict[str, Page] = {
            "credentials": CredentialsPage(host),
            "rules": RulesPage(host),
            "vault": VaultPage(host),
            "connections": ConnectionsPage(host),
            "activity": ActivityPage(host),
            "problems": ProblemsPage(host),
            "settings": SettingsPage(host),
            "diagnostics": DiagnosticsPage(host),
        }
        self.list = QListWidget()
        self.list.setAccessibleName(t("Pages"))
        self.list.addItems(list(_titles().values()))
        list_look(self.list)
        width = self.list.sizeHintForColumn(0)
        for row in range(self.list.count()):
            self.list.item(row).setSizeHint(QSize(width, self.fontMetrics().height() + ROOM))
        self.list.setFixedWidth(width + 48)
        self.list.currentRowChanged.connect(self._turned)
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        self._headline = text_label(bold=True)
        self._who = ElidedLabel()
        self.sign_in = _button(t("Si&gn in…"), lambda: host.act("sign_in", "amika"))
        self.menu = _button(t("&Menu"), lambda: host.open_menu(self.menu.mapToGlobal(QPoint(0, self.menu.height()))))
        self._arrange()
        self._shortcuts()
        self.list.setCurrentRow(0)

    def show_page(self, name: str) -> None:
        """Turn to a page; an unknown one is the first."""
        names = list(self.pages)
        row = names.index(name) if name in names else 0
        if row == self.list.currentRow():
            self._page(row).opened()
        self.list.setCurrentRow(row)
        self._page(row).focus().setFocus()

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:
        """Show what is known now."""
        said = headline(snapshot, now, link)
        self._headline.setText(said)
        connected = link.state == "connected"
        self._who.setText((_who(snapshot) if connected else "") or link.reason)
        self._who.setVisible(bool(self._who.text()) and self._who.text() != said)
        self.sign_in.setVisible(connected and not _signed_in(snapshot))
        for row in range(self._stack.count()):
            self._page(row).show_snapshot(snapshot, now, link)
        problems = len(snapshot["problems"]) + snapshot["left_out"].get("problems", 0) if connected else 0
        title = _titles()["problems"]
        self.list.item(list(self.pages).index("problems")).setText(f"{title} ({problems})" if problems else title)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        """Follow the desktop from light to dark."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            follow_palette(self)

    def _page(self, row: int) -> Page:
        return list(self.pages.values())[row]

    def _turned(self, row: int) -> None:
        self._stack.setCurrentIndex(row)
        self._page(row).opened()

    def _arrange(self) -> None:
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(ICON, self.devicePixelRatioF()))
        head = QHBoxLayout()
        head.addWidget(picture)
        head.addWidget(self._headline, 1)
        head.addWidget(self._who)
        head.addWidget(self.sign_in)
        head.addWidget(self.menu)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addLayout(head)
        right.addWidget(self._stack, 1)
        whole = QHBoxLayout()
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(16)
        whole.addWidget(self.list)
        whole.addLayout(right, 1)
        middle = QWidget()
        middle.setLayout(whole)
        self.setCentralWidget(middle)

    def _shortcuts(self) -> None:
        for number, name in enumerate(self.pages, start=1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, lambda name=name: self.show_page(name))
        QShortcut(QKeySequence("F5"), self, lambda: self._page(self.list.currentRow()).opened())
        for keys in ("Esc", "Ctrl+W"):
            QShortcut(QKeySequence(keys), self, self.close)


def _button(text: str, clicked: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(clicked)
    return button


def _signed_in(snapshot: Snapshot) -> bool:
    return any(account["service"] == "amika" and account["signed_in"] for account in snapshot["accounts"])


def _who(snapshot: Snapshot) -> str:
    accounts = [account for account in snapshot["accounts"] if account["signed_in"]]
    if len(accounts) == 1:
        return named(accounts[0]["email"] or accounts[0]["user_id"], 60)
    who = [(service_name(account["service"]), named(account["email"] or account["user_id"])) for account in accounts]
    return "\n".join(f"{service}: {name}" for service, name in who)


def _titles() -> dict[str, str]:
    return {
        "credentials": t("Credentials"),
        "rules": t("Push rules"),
        "vault": t("Vault"),
        "connections": t("Connections"),
        "activity": t("Activity"),
        "problems": t("Problems"),
        "settings": t("Settings"),
        "diagnostics": t("Diagnostics"),
    }
