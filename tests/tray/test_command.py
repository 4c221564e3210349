"""What the tray tells of a command of ours that failed: the error and what to do next, not the notes before it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from tests.tray.waiting import until

from amika_tray.agent_link.command import Command


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo a note >&2; printf 'amika: it failed\\n  Try again.\\n' >&2; exit 5", "it failed. Try again."),
        ("echo amika: it failed >&2; exit 5", "it failed"),
        ("echo another program >&2; echo more >&2; exit 1", "another program"),
        ("exit 7", "it ended with code 7"),
    ],
)
def test_the_error_is_told_with_its_remedy(qt: QApplication, script: str, told: str) -> None:
    heard: list[str] = []
    command = Command(["/bin/sh", "-c", script])
    command.failed.connect(heard.append)
    command.start()
    until(lambda: bool(heard), 20)
    assert heard == [told]
    command.deleteLater()
