"""The pages of the sign-in dialog; they only show."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from amika_tray.labels import selectable, text_label, without_icons
from amika_tray.sign_in.qr import qr_picture
from amika_tray.sign_in.steps import SignIn, left, on_this_machine, to_read
from amika_tray.wording import sentences, t

QR_SIDE = 148
WIDTH = 460
LIST_HEIGHT = 120
_ID = Qt.ItemDataRole.UserRole


class Page(QWidget):
    """A page with a button box at its foot."""

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumWidth(WIDTH)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(12)
        self.buttons = QDialogButtonBox()
        self.leave = self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.leave.setText(t("Cancel"))
        self.primary = self.leave
        self.buttons.rejected.connect(self.cancelled)

    def become_current(self) -> None:
        """Take the Enter key: the pages of a dialog share it."""
        self.primary.setDefault(True)

    def take_focus(self) -> None:
        """Take the keyboard's focus; only when the page appears, so that nobody is led away from where they went."""
        self.primary.setFocus()

    def finish(self) -> None:
        """Put the buttons below everything else."""
        without_icons(self.buttons)
        self.body.addStretch(1)
        self.body.addWidget(self.buttons)


class StartPage(Page):
    """Before there is a code."""

    def __init__(self) -> None:
        super().__init__()
        self.body.addWidget(text_label(t("Asking for a sign-in code…"), scale=1.2, bold=True))
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(t("Asking for a sign-in code"))
        self.body.addWidget(bar)
        self.finish()


class CodePage(Page):
    """The code, the address, the countdown."""

    open_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.code = selectable(text_label(scale=2.6, bold=True))
        self.code.setFont(_code_font(self.code.font()))
        self.code.setWordWrap(False)
        self.address = selectable(text_label(bold=True))
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.status = text_label()
        self.copy = QPushButton(t("&Copy code"))
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._copy)
        self.open = self.buttons.addButton(t("&Open browser"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.primary = self.open
        self.buttons.accepted.connect(self.open_asked)
        self._drawn = ""
        self._trouble = ""
        self._arrange()
        self.finish()

    def show_code(self, shown: SignIn, now: float) -> None:
        """Show the code, where to approve it, and what is going on."""
        self._trouble = ""
        self.code.setText(shown.code)
        self.code.setAccessibleName(t("Sign-in code {code}", code=" ".join(shown.code)))
        self.address.setText(to_read(shown))
        for part in (self.compare, self.code, self.copy):
            part.setVisible(bool(shown.code))
        self.lead.setText(
            t("Approve the sign-in in a browser on this machine, at:")
            if shown.here
            else t("Open this address and approve the sign-in:")
        )
        self.address.setAccessibleName(t("Address {address}", address=shown.address))
        self.open.setEnabled(bool(shown.page))
        if shown.page != self._drawn:
            self._drawn = shown.page
            self._draw("" if shown.here else shown.page)
        self.count_down(shown, now)

    def count_down(self, shown: SignIn, now: float) -> None:
        """Show how much time is left."""
        time_left = left(shown.expires_at, now)
        waiting = t("Waiting for your approval, {left} left.", left=time_left) if time_left else t("Waiting for you.")
        self.status.setText("\n".join(part for part in (waiting, shown.note, self._trouble) if part))

    def tell(self, trouble: str) -> None:
        """Add what went wrong; it stays until the next event."""
        self._trouble = trouble
        self.status.setText("\n".join(part for part in (self.status.text().partition("\n")[0], trouble) if part))

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        self.lead = text_label(t("Open this address and approve the sign-in:"))
        grid.addWidget(self.lead, 0, 0)
        grid.addWidget(self.address, 1, 0)
        grid.setRowMinimumHeight(2, 10)
        self.compare = text_label(t("Approve only if the page shows this code:"))
        grid.addWidget(self.compare, 3, 0)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.code)
        row.addWidget(self.copy)
        row.addStretch(1)
        grid.addLayout(row, 4, 0)
        grid.setRowStretch(5, 1)
        grid.addWidget(self.picture, 0, 1, 6, 1)
        grid.setColumnStretch(0, 1)
        self.body.addLayout(grid)
        self.body.addWidget(self.status)

    def _draw(self, page: str) -> None:
        # another device cannot reach a page of this machine: no picture that would lead it nowhere
        drawn = None if not page or on_this_machine(page) else qr_picture(page, QR_SIDE, self.devicePixelRatioF())
        self.picture.setVisible(drawn is not None)
        if drawn is not None:
            self.picture.setPixmap(drawn)
            self.picture.setAccessibleName(t("QR code of the address, for a phone"))
            self.picture.setToolTip(t("Scan with a phone to approve there"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.text())
        self.copy.setText(t("Copied"))
        QTimer.singleShot(2000, self.copy, lambda: self.copy.setText(t("&Copy code")))


class ChoicePage(Page):
    """Several organizations: one is to be chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.body.addWidget(text_label(t("Choose an organization"), scale=1.2, bold=True))
        self.body.addWidget(text_label(t("Secrets are pushed to this organization and read from it.")))
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setMaximumHeight(LIST_HEIGHT)
        self.list.setSpacing(2)
        self.list.setAccessibleName(t("Organizations"))
        self.list.itemActivated.connect(self._take)
        self.list.currentItemChanged.connect(self._current)
        self.body.addWidget(self.list)
        self.go = self.buttons.addButton(t("C&ontinue"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.primary = self.go
        self.buttons.accepted.connect(self._take)
        self.finish()

    def offer(self, organizations: tuple[tuple[str, str], ...]) -> None:
        """Show the organizations."""
        self.setEnabled(True)
        self.list.clear()
        for key, name in organizations:
            item = QListWidgetItem(name)
            item.setData(_ID, key)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._current()

    def take_focus(self) -> None:
        """Let the arrow keys choose at once."""
        self.list.setFocus()

    def _current(self) -> None:
        self.go.setEnabled(self.list.currentItem() is not None)

    def _take(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen.emit(str(item.data(_ID)))


class EndPage(Page):
    """How it ended."""

    again = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.title = text_label(scale=1.2, bold=True)
        self.text = selectable(text_label())
        self.body.addWidget(self.title)
        self.body.addWidget(self.text)
        self.retry = self.buttons.addButton(t("&Try again"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.again)
        self.leave.setText(t("C&lose"))
        self.finish()

    def tell(self, shown: SignIn) -> None:
        """Show the outcome."""
        done = shown.phase == "done"
        self.retry.setVisible(not done)
        self.primary = self.leave if done else self.retry
        if done:
            self.title.setText(t("Signed in"))
            who = t("You are {email}.", email=shown.email) + " " if shown.email else ""
            # a key of almyty's is renewed by nobody: it counts until it ends
            kept = t("The key is stored on this machine.") if shown.here else ""
            self.text.setText(who + (kept or t("The agent keeps this session fresh.")))
        else:
            self.title.setText(t("Not signed in"))
            self.text.setText(sentences(shown.message, shown.remedy))


def _code_font(like: QFont) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(like.pointSizeF())
    font.setBold(True)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 108)
    return font
