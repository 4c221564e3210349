"""The sign-in dialog: shows the code, opens the page, counts down, says how it ended. Closing it cancels."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from amika_tray.agent_link.channel import Channel
from amika_tray.browser import Browser
from amika_tray.icons import app_icon
from amika_tray.labels import text_label
from amika_tray.sign_in.pages import ChoicePage, CodePage, EndPage, Page, StartPage
from amika_tray.sign_in.steps import SignIn, advanced, failed, may_open
from amika_tray.wording import service_name, t

Ask = Callable[[], Channel]
Choose = Callable[[str], Channel]
ICON = QSize(32, 32)


class SignInDialog(QDialog):
    """One sign-in to one service.

    Args:
        service: "amika", …
        ask: starts the sign-in and returns its stream.
        choose: tells the agent the chosen organization's id.
        now: wall time, epoch seconds.

    """

    over = Signal()
    """The dialog is closed."""

    def __init__(
        self,
        service: str,
        ask: Ask,
        choose: Choose,
        *,
        now: Callable[[], float] = time.time,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.shown = SignIn()
        self._ask, self._choose, self._now = ask, choose, now
        self._stream: Channel | None = None
        self._answer: Channel | None = None
        self._told_over = False
        self._browser = Browser(self)
        self._browser.opened.connect(self._opened)
        self.setWindowTitle(t("Sign in to {service}", service=service_name(service)))
        self.setWindowIcon(app_icon())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._start = StartPage()
        self._code = CodePage()
        self._choice = ChoicePage()
        self._end = EndPage()
        self._pages = QStackedWidget()
        for page in (self._start, self._code, self._choice, self._end):
            self._pages.addWidget(page)
            page.cancelled.connect(self.close)
        self._code.open_asked.connect(self.open_page)
        self._choice.chosen.connect(self._chosen)
        self._end.again.connect(self.begin)
        self._arrange()
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._show()

    def _arrange(self) -> None:
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(ICON, self.devicePixelRatioF()))
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(picture)
        head.addWidget(text_label(self.windowTitle(), scale=1.3, bold=True), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(16)
        layout.addLayout(head)
        layout.addWidget(self._pages)

    def begin(self) -> None:
        """Start, or start over."""
        self._hang_up()
        self._set(SignIn())
        self._stream = self._ask()
        self._stream.item.connect(lambda event: self._set(advanced(self.shown, event)))
        self._stream.failed.connect(lambda *error: self._set(failed(self.shown, *error)))
        self._stream.ended.connect(lambda _end: self._set(failed(self.shown, "", "", "")))

    def open_page(self) -> None:
        """Open the approval page in the browser."""
        if may_open(self.shown.page):
            self._browser.open(self.shown.page)
        else:
            self._code.tell(t("This address is not safe to open: {address}", address=self.shown.page))

    def done(self, result: int) -> None:
        """Cancel what is under way: every way of closing comes by here."""
        self._hang_up()
        super().done(result)
        if not self._told_over:
            self._told_over = True
            self.over.emit()

    def _chosen(self, organization: str) -> None:
        self._choice.setEnabled(False)
        self._answer = self._choose(organization)
        self._answer.failed.connect(lambda *error: self._set(failed(self.shown, *error)))

    def _opened(self, ok: bool) -> None:  # noqa: FBT001 -- a signal's argument
        if not ok:
            self._code.tell(t("No browser could be opened. Open the address by hand, on any device."))

    def _set(self, shown: SignIn) -> None:
        self.shown = shown
        self._show()

    def _show(self) -> None:
        shown = self.shown
        page: Page
        match shown.phase:
            case "starting":
                page = self._start
            case "code":
                page = self._code
                self._code.show_code(shown, self._now())
            case "choose":
                page = self._choice
                self._choice.offer(shown.organizations)
            case _:
                page = self._end
                self._end.tell(shown)
        changed = self._pages.currentWidget() is not page
        self._pages.setCurrentWidget(page)
        page.become_current()
        if changed:
            page.take_focus()  # else the Cancel of the page before hands it to this one's, and Enter cancels
        if shown.phase == "code":
            self._second.start()
        else:
            self._second.stop()

    def _tick(self) -> None:
        self._code.count_down(self.shown, self._now())

    def _hang_up(self) -> None:
        self._second.stop()
        for channel in (self._stream, self._answer):
            if channel is not None:
                channel.close()
                channel.deleteLater()
        self._stream = self._answer = None
