"""A question in a small window of its own: one way of asking for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMessageBox, QWidget

from amika_tray.icons import app_icon
from amika_tray.wording import t

Role = QMessageBox.ButtonRole
Answer = tuple[str, str, Role]


class Question(QMessageBox):
    """A question; it goes when it is answered. Enter gives the first answer, Escape and the last button none.

    CAREFUL: of what cannot be taken back; there Enter gives no answer either.

    Args:
        title: of the window.
        text: what is asked, plain text.
        told: what there is to know before answering, one paragraph each.
        answers: object name, label and role of each button; one called "cancel" is added.
        parent: the window it is about.

    """

    CAREFUL = False

    def __init__(
        self, title: str, text: str, told: Sequence[str], answers: Sequence[Answer], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setWindowIcon(app_icon())
        self.setIcon(QMessageBox.Icon.Question)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setInformativeText("\n\n".join(told))
        for place, (name, label, role) in enumerate(answers):
            button = self.addButton(label, role)
            button.setObjectName(name)
            button.setIcon(QIcon())
            if place == 0 and not self.CAREFUL:
                self.setDefaultButton(button)
        cancel = self.addButton(QMessageBox.StandardButton.Cancel)
        cancel.setText(t("Cancel"))
        cancel.setObjectName("cancel")
        cancel.setIcon(QIcon())
        self.setEscapeButton(cancel)
        if self.CAREFUL:
            self.setDefaultButton(cancel)
