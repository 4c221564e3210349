"""Copy environment where the clipboard can be set at once, and where a window of ours has to be clicked first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog
from tests.tray.waiting import until

from amika_tray.clipboard import SecretClipboard
from amika_tray.environment_copy import EnvironmentCopy
from amika_tray.notices.notices import Notice
from amika_tray.question import Question
from amika_tray.wayland import clipboard_within_reach

FAKE = "export A='not-a-real-key'\n"


class Desk:
    """What the person is told and asked."""

    def __init__(self, *, reach: bool) -> None:
        self.told: list[Notice] = []
        self.asked: list[QDialog] = []
        self.clipboard = SecretClipboard()
        self.copy = EnvironmentCopy(self.clipboard, self.told.append, reach=lambda: reach)
        self.copy.asked.connect(self._ask)

    def _ask(self, question: QDialog) -> None:
        self.asked.append(question)
        question.show()

    def answer(self, name: str) -> None:
        (question,) = self.asked
        button = question.findChild(QAbstractButton, name)
        assert isinstance(button, QAbstractButton)
        button.click()


@pytest.fixture(autouse=True)
def empty(qt: QApplication) -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()


def text() -> str:
    return QGuiApplication.clipboard().text()


def test_it_is_copied_at_once_where_that_is_possible() -> None:
    desk = Desk(reach=True)
    assert desk.copy.put({"text": FAKE, "names": ["A", 5, "B"]})
    assert text() == FAKE
    assert [(notice.title, notice.text) for notice in desk.told] == [
        ("Environment copied", "A, B. The clipboard is cleared in 45 s.")
    ]
    assert not desk.asked
    desk.clipboard.clear()


def test_else_it_is_copied_when_the_person_says_so() -> None:
    desk = Desk(reach=False)
    assert desk.copy.put({"text": FAKE, "names": [f"K{n}" for n in range(10)]})
    assert (text(), desk.told) == ("", [])
    question = desk.asked[0]
    assert isinstance(question, Question)
    assert question.informativeText().startswith("K0, K1, K2, K3, K4, K5, K6, K7, 2 more")
    assert FAKE.strip() not in question.text() + question.informativeText()
    desk.answer("copy")
    assert text() == FAKE
    assert [notice.title for notice in desk.told] == ["Environment copied"]
    until(lambda: not question.isVisible())
    desk.clipboard.clear()


def test_nothing_is_copied_when_the_person_does_not_want_it() -> None:
    desk = Desk(reach=False)
    desk.copy.put({"text": FAKE, "names": ["A"]})
    desk.answer("cancel")
    assert (text(), desk.told) == ("", [])


@pytest.mark.parametrize(
    "answer",
    [{}, {"text": FAKE}, {"text": "", "names": ["A"]}, {"text": 5, "names": ["A"]}, {"text": FAKE, "names": 5}],
)
def test_an_answer_without_variables_is_not_copied(answer: dict[str, object]) -> None:
    desk = Desk(reach=True)
    assert not desk.copy.put(answer)
    assert (text(), desk.told, desk.asked) == ("", [], [])


def test_off_wayland_the_clipboard_is_within_reach(qt: QApplication) -> None:
    assert qt.platformName() == "offscreen"
    assert clipboard_within_reach()
