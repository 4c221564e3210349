"""What the application says beside the menu."""

from __future__ import annotations

import time
from typing import Any

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from tests.fakes.agent_server import FakeAgent
from tests.tray.desk import cells
from tests.tray.sample import credential
from tests.tray.waiting import until

from amika_tray.app import TrayApp
from amika_tray.icons import dark_panel
from amika_tray.menu.details import signed_out


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({"was_signed_in": True, "revoked": True, "left_remotely": []}, None),
        ({"was_signed_in": False, "revoked": False}, None),
        ({}, None),
        (
            {"was_signed_in": True, "revoked": True, "left_remotely": ["Claude OAuth"]},
            ["This secret stays stored remotely:", "Claude OAuth"],
        ),
        (
            {"was_signed_in": True, "revoked": False, "detail": "the server cannot be reached", "left_remotely": [5]},
            [
                "This machine has forgotten the session, but the server could not be told that it is over.",
                "The server cannot be reached",
            ],
        ),
        (
            {"was_signed_in": True, "revoked": None, "detail": "the key was not made by this program and stays valid"},
            ["The key was not made by this program and stays valid"],
        ),
    ],
)
def test_signing_out_says_what_it_could_not_do_and_what_it_left(end: dict[str, Any], said: list[str] | None) -> None:
    told = signed_out(end)
    assert (None if told is None else [text for _, text in told.rows]) == said


def test_a_time_in_the_menu_and_the_window_passes_without_news(app: TrayApp, agent: FakeAgent) -> None:
    ends = time.time() + 3 * 3600 + 1
    agent.publish(credentials=[credential("claude-oauth", "anthropic", "oauth", ends, "in_sync", "X")])
    app.open()
    app.open_window()
    assert app._window is not None
    table = app._window.pages["credentials"].table
    until(lambda: [text for text in told(app) if "expires in 2 h" in text])
    until(lambda: [row for row in cells(table) if row[3] == "in 2 h"])


def told(app: TrayApp) -> list[str]:
    return [entry.text for entry in app._tray._entries]


def test_the_icon_suits_its_panel(qt: QApplication) -> None:
    before = qt.palette()
    try:
        for ground, dark in (("#f0f0f0", False), ("#202020", True)):
            qt.setPalette(QPalette(QColor(ground)))
            assert dark_panel({}) is dark
            assert dark_panel({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"})
    finally:
        qt.setPalette(before)
