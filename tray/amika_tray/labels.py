"""Texts in windows: always plain; wrapped, selectable where they may be wanted elsewhere, elided where they must be."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialogButtonBox, QLabel


def text_label(text: str = "", *, scale: float = 1.0, bold: bool = False) -> QLabel:
    """Return a label that shows plain text, wrapped; never markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * scale)
    font.setBold(bold)
    label.setFont(font)
    return label


def selectable(label: QLabel) -> QLabel:
    """Return the label, its text selectable by mouse and keyboard."""
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label


def without_icons(buttons: QDialogButtonBox) -> None:
    """Take the style's pictures off: it has them for some buttons only."""
    for button in buttons.buttons():
        button.setIcon(QIcon())


def tool_tip(text: str) -> str:
    """Return a tool tip that shows the text as it is, in lines that are wrapped; nothing in it is taken for markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
    return f"<qt>{escaped}</qt>" if text else ""


class ElidedLabel(QLabel):
    """Plain lines that give way: each loses its middle when there is no room for it, and a tool tip has it all."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        """Return that there is no least width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 -- Qt's signature
        """Draw the lines as far as they fit."""
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        metrics, middle = self.fontMetrics(), Qt.TextElideMode.ElideMiddle
        lines = [metrics.elidedText(line, middle, self.width()) for line in self.text().splitlines()]
        fits = max((metrics.horizontalAdvance(line) for line in self.text().splitlines()), default=0) <= self.width()
        self.setToolTip("" if fits else tool_tip(self.text()))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(self.rect(), flags, "\n".join(lines))
        painter.end()
