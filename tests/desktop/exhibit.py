"""The tray as its pictures show it: the real application, at a fixed time, told by the photographer what to show.

One JSON list a line comes in, one JSON value a line goes out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSocketNotifier
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QPushButton
from tests.desktop.seen import seen, window

from amika_shared.profile import resolve
from amika_tray.app import TrayApp
from amika_tray.autostart import at_login
from amika_tray.menu.describe import Entry, describe

FONT = QFont("DejaVu Sans", 9)


class Exhibit:
    """Does what is asked for; `serve` is called when there is something to read."""

    def __init__(self, now: float) -> None:
        qt = QApplication(["amika-tray"])
        qt.setApplicationDisplayName("Amika")
        qt.setQuitOnLastWindowClosed(False)
        qt.setFont(FONT)
        qt.setCursorFlashTime(0)  # a cursor that blinks is on one picture and not on the next
        self.qt = qt
        self._now = now
        env = os.environ
        login = at_login(env, "/usr/bin/amika-tray", local=True)
        program = env["EXHIBIT_PROGRAM"]
        self._app = TrayApp(
            resolve(env, local=True),
            env,
            ["/bin/true"],
            flags=["--local"],
            at_login=login,
            now=lambda: now,
            program=lambda _name: program,
        )
        self._words: dict[str, Callable[..., Any]] = {
            "open": self._app.open_window,
            "act": lambda action, target="": self._app.act(action, target),
            "press": self._press,
            "close": lambda title: _shown(title).close(),
            "popup": self._app.pop_up,
            "seen": lambda title: [] if window(title) is None else seen(_shown(title)),
            "menu": self._menu,
            "drawn": self._drawn,
            "quit": lambda: qt.exit(0),
        }
        self._app.open(hidden=True)

    def serve(self) -> None:
        word, *arguments = json.loads(sys.stdin.readline())
        print(json.dumps(self._words[word](*arguments)), flush=True)

    def run(self) -> None:
        notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
        notifier.activated.connect(self.serve)
        self.qt.exec()
        notifier.setEnabled(False)
        self._app.close()

    def _drawn(self) -> None:
        """Have everything on the screen that is to be there."""
        for shown in self.qt.topLevelWidgets():
            if shown.isVisible():
                shown.repaint()
        self.qt.sync()

    def _press(self, title: str, text: str) -> None:
        buttons = [b for b in _shown(title).findChildren(QPushButton) if b.text().replace("&", "") == text]
        buttons[0].click()

    def _menu(self) -> list[str]:
        link = self._app._link
        entries = describe(link.snapshot, self._now, link.link, at_login=self._app.at_login)
        return [_line(entry) for entry in entries]


def _line(entry: Entry) -> str:
    if entry.kind == "separator":
        return "-"
    mark = {None: "", True: "[x] ", False: "[ ] "}[entry.checked]
    return f"{mark}{entry.text}{'' if entry.enabled else ' (off)'}"


def _shown(title: str) -> Any:
    found = window(title)
    assert found is not None, title
    return found


if __name__ == "__main__":
    Exhibit(float(sys.argv[1])).run()
