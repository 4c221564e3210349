"""Copy environment: from the agent's answer to the clipboard, and what the person is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from amika_tray.clipboard import KEPT, SecretClipboard
from amika_tray.notices.notices import Notice
from amika_tray.wayland import clipboard_within_reach
from amika_tray.wording import t

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractButton, QDialog

SHOWN = 8  # names


class EnvironmentCopy(QObject):
    """Puts the environment on the clipboard: at once where that is possible, else when a window of ours is answered.

    Args:
        clipboard: where to.
        tell: shows a notice.
        parent: owner.
        reach: tells whether the clipboard can be set without a click in a window of ours.

    """

    asked = Signal(object)
    """A question to show."""

    def __init__(
        self,
        clipboard: SecretClipboard,
        tell: Callable[[Notice], object],
        parent: QObject | None = None,
        *,
        reach: Callable[[], bool] = clipboard_within_reach,
    ) -> None:
        super().__init__(parent)
        self._clipboard = clipboard
        self._tell = tell
        self._reach = reach

    def put(self, answer: Mapping[str, object]) -> bool:
        """Copy the agent's answer to "copy_env", {"text", "names", …}; False when it holds no variables."""
        text, names = answer.get("text"), answer.get("names")
        names = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        if not isinstance(text, str) or not text or not names:
            return False
        if self._reach():
            self._copy(text, names)
        else:
            self.asked.emit(self._question(text, names))
        return True

    def _question(self, text: str, names: Sequence[str]) -> QDialog:
        from amika_tray.question import Question, Role  # noqa: PLC0415 -- most people never see it

        told = [_listed(names), t("On Wayland a program can copy only from its own window.")]
        answers = [("copy", t("&Copy"), Role.AcceptRole)]
        question = Question(t("Copy environment"), t("Copy the environment?"), told, answers)

        def answered(button: QAbstractButton) -> None:
            if button.objectName() == "copy":
                self._copy(text, names)

        question.buttonClicked.connect(answered)
        QTimer.singleShot(round(KEPT * 1000), question, question.reject)  # it holds the text: not for ever
        return question

    def _copy(self, text: str, names: Sequence[str]) -> None:
        self._clipboard.put(text)
        said = t("{names}. The clipboard is cleared in 45 s.", names=_listed(names))
        self._tell(Notice("", t("Environment copied"), said))


def _listed(names: Sequence[str]) -> str:
    more = [t("{n} more", n=len(names) - SHOWN)] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *more])
