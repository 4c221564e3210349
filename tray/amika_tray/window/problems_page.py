"""Problems, each with what to do about it and a button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from amika_shared.snapshot import ProblemLine, Snapshot
from amika_tray.labels import selectable, text_label, tool_tip
from amika_tray.menu.describe import Link
from amika_tray.question import Question, Role
from amika_tray.remedies import Remedy, remedies
from amika_tray.window.pages import Host
from amika_tray.wording import named, sentences, source_name, t, tn, wrappable

SHOWN = 50
LONG = 600


class ProblemsPage(QScrollArea):
    """One card a problem; drawn anew only when the problems are others."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._drawn: tuple[list[ProblemLine], int] | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(t("Problems"))
        self._sheet = QWidget()
        self._column = QVBoxLayout(self._sheet)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self.setWidget(self._sheet)

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:  # noqa: ARG002 -- a page's signature
        """Show what is wrong."""
        problems = snapshot["problems"] if link.state == "connected" else _of_link(link)
        beyond = snapshot["left_out"].get("problems", 0) if link.state == "connected" else 0
        if (problems, beyond) == self._drawn:
            return
        self._drawn = (list(problems), beyond)
        held = self.window().focusWidget()
        name = held.accessibleName() if held is not None and self.isAncestorOf(held) else ""
        if name:
            self.setFocus()  # else the focus would go to some other button, and the page with it
        self._fill(problems, beyond)
        buttons = self._sheet.findChildren(QPushButton)
        if name and buttons:  # whoever uses the keyboard stays at the same place
            next((button for button in buttons if button.accessibleName() == name), buttons[0]).setFocus()

    def _fill(self, problems: list[ProblemLine], beyond: int) -> None:
        # the sheet stays, so that whoever reads further down stays there too
        column = self._column
        while (item := column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        for problem in problems[:SHOWN]:
            column.addWidget(self._card(problem))
        left = max(0, len(problems) - SHOWN) + beyond
        if left > 0:
            column.addWidget(text_label(tn("{n} more problem…", "{n} more problems…", left)))
        if not problems:
            column.addStretch(2)
            for label in (
                text_label(t("No problems"), scale=1.2, bold=True),
                text_label(t("When something needs you it is said here, with a button that helps.")),
            ):
                label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                column.addWidget(label)
        column.addStretch(3)

    def opened(self) -> None:
        """Nothing has to be fetched."""

    def focus(self) -> QWidget:
        """Return the first button, if there is one."""
        buttons = self._sheet.findChildren(QPushButton)
        return buttons[0] if buttons else self

    def _card(self, problem: ProblemLine) -> QWidget:
        message = sentences(named(problem["message"] or problem["code"], LONG)) or t("No details")
        card = QFrame()
        card.setFrameShape(QFrame.Shape.StyledPanel)
        card.setAccessibleName(t("Problem: {message}", message=message))
        row = QHBoxLayout(card)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(16)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(_words(message, bold=True))
        if problem["remedy"]:
            texts.addWidget(_words(sentences(named(problem["remedy"], LONG))))
        if problem["path"] and problem["path"] not in problem["message"]:
            where = [source_name(problem["source"]) if problem["source"] else "", named(problem["path"], LONG)]
            texts.addWidget(_words(": ".join(part for part in where if part), scale=0.92))
        row.addLayout(texts, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(4)
        buttons.addStretch(1)
        for helps in remedies(problem):
            buttons.addWidget(self._button(helps, message))
        buttons.addStretch(1)
        row.addLayout(buttons)
        return card

    def _button(self, helps: Remedy, message: str) -> QPushButton:
        button = QPushButton(helps.label)
        button.setAutoDefault(False)
        button.setAccessibleName(t("{label}, for: {message}", label=helps.label, message=message))
        if helps.action == "copy_text":
            button.setToolTip(tool_tip(helps.target))
        button.clicked.connect(lambda: self._do(helps, message))
        return button

    def _do(self, helps: Remedy, message: str) -> None:
        if helps.action != "resolve" or not helps.target.endswith(" delete"):
            self._host.act(helps.action, helps.target)
            return
        told = [message, t("What is deleted there cannot be brought back from here: the credential is gone.")]
        answers = [("delete", t("&Delete what is stored"), Role.AcceptRole)]
        question = _DeleteQuestion(
            t("Delete what is stored"), t("Delete the stored copy at Amika?"), told, answers, self
        )
        question.accepted.connect(lambda: self._host.act(helps.action, helps.target))
        question.open()


class _DeleteQuestion(Question):
    CAREFUL = True


def _words(text: str, *, scale: float = 1.0, bold: bool = False) -> QLabel:
    label = selectable(text_label(wrappable(text), scale=scale, bold=bold))
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)  # the button beside it is always seen
    label.setSizePolicy(policy)
    return label


def _of_link(link: Link) -> list[ProblemLine]:
    if link.state == "starting":
        return []
    message = link.reason or t("The agent is stopped: nothing is kept in sync")
    start = "amika agent restart" if link.restart else "amika agent start"
    said = link.remedy or t("Start it again: {command}", command=start)
    return [ProblemLine(code="agent", source="", path="", message=message, remedy=said)]
