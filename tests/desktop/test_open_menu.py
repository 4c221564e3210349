"""A menu that is open stays as it is while the agent tells news: what a person is about to click does not move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.desktop.hosts import lxqt_panel, trayer
from tests.desktop.pixels import choose, icon_shown, look, open_menu, wait_until_still
from tests.desktop.screen import Desktop, wait
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_server import ACCOUNT, FakeAgent
from tests.tray.sample import credential

pytestmark = pytest.mark.desktop

Start = Callable[..., TrayProgram]
FOUND = [credential("opencode", f"p{n}", "api_key", None, "not_pushed", f"P{n}_API_KEY") for n in range(6)]


@pytest.mark.parametrize("host", [lxqt_panel, trayer])
def test_news_move_no_line_of_an_open_menu(desktop: Desktop, host: Any, agent: FakeAgent, start_tray: Start) -> None:
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    desktop.run("away", ["xdotool", "mousemove", "5", "5"])
    with host(desktop):
        empty = look(desktop, "empty")
        tray = start_tray()
        wait(lambda: icon_shown(desktop, empty) and ("watch", {}) in agent.asked, "the icon", tray.program)
        wait_until_still(desktop)
        menu = open_menu(desktop)
        agent.publish(state="attention", credentials=FOUND)
        wait_until_still(desktop)
        desktop.screenshot(f"open-{host.__name__}")
        choose(desktop, menu, 4)  # identity, Sign out, no credentials, the state, Sync now
        wait(lambda: ("sync", {}) in agent.asked, "sync")


def test_a_click_on_a_line_that_was_shown_counts(host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    start_tray()
    wait(lambda: host.items and "Sync now" in host.texts(), "the menu")
    (shown,) = [line for line in host.menu() if line.text == "Sync now"]
    agent.publish(state="offline", credentials=FOUND)
    wait(lambda: host.tooltip().startswith("Amika: Offline"), "the news")
    host.choose(shown)
    wait(lambda: ("sync", {}) in agent.asked, "sync")
    host.closes()
    wait(lambda: "P0_API_KEY" not in host.texts() and any("p0" in text for text in host.texts()), "the news in it")
