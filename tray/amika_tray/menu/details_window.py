"""Small windows: one thing told in full, and the question at quitting."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from amika_tray.icons import app_icon
from amika_tray.labels import selectable, text_label, without_icons
from amika_tray.menu.details import Details
from amika_tray.question import Question, Role
from amika_tray.wording import t, wrappable

WIDTH, MOST_HEIGHT = 460, 480


class DetailsWindow(QDialog):
    """Rows of label and text; every text can be selected and copied."""

    def __init__(self, told: Details, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(told.title)
        self.setWindowIcon(app_icon())
        sheet = QWidget()
        form = QFormLayout(sheet)
        form.setHorizontalSpacing(14)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        # beside its label, also what is written the other way round
        side = Qt.AlignmentFlag.AlignRight if self.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
        for name, text in told.rows:
            value = selectable(text_label(wrappable(text)))
            value.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignTop)
            if name:
                label = text_label(name.replace("&", "&&"))  # of a label with a buddy it marks the key
                label.setWordWrap(False)
                label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
                label.setBuddy(value)
                value.setAccessibleName(f"{name}: {text}")
                form.addRow(label, value)
            else:
                form.addRow(value)
        area = QScrollArea()
        area.setWidget(sheet)
        area.setAccessibleName(told.title)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        without_icons(buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
        needed = sheet.heightForWidth(WIDTH) if sheet.hasHeightForWidth() else sheet.sizeHint().height()
        self.resize(WIDTH + 40, min(MOST_HEIGHT, needed + buttons.sizeHint().height() + 40))


def quit_question(parent: QWidget | None = None) -> Question:
    """Return the question whether the agent stays; its buttons have the object names "stay", "stop" and "cancel"."""
    return Question(
        t("Quit Amika"),
        t("Keep your credentials in sync after the icon is gone?"),
        [t("The agent works in the background without the icon. When it is stopped, nothing is kept in sync.")],
        [
            ("stay", t("&Keep syncing"), Role.AcceptRole),
            ("stop", t("&Stop the agent"), Role.DestructiveRole),
        ],
        parent,
    )
