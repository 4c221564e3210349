"""A menu that is open stays as it is while the agent tells news: what a person is about to click does not move."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.desktop.hosts import WATCHER, lxqt_panel, trayer
from tests.desktop.pixels import choose, icon_shown, look, open_menu, wait_until_still
from tests.desktop.screen import Desktop, Program, wait
from tests.desktop.status_notifier import MENU, PROPERTIES, TestHost
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


def test_the_first_click_opens_a_menu_in_which_a_time_has_passed(
    desktop: Desktop, panel: Program, agent: FakeAgent, start_tray: Start
) -> None:
    desktop.run("away", ["xdotool", "mousemove", "5", "5"])
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    tray = start_tray()
    wait(lambda: "Example Org" in on_the_bus(desktop), "the menu", tray.program)
    open_menu(desktop)  # the panel knows it by now
    desktop.press("Escape")
    agent.publish(accounts=[{**ACCOUNT, "expires_at": time.time() + 122}])
    wait(lambda: "renews in 2 min" in on_the_bus(desktop), "the news", tray.program)
    wait(lambda: "renews in 1 min" in on_the_bus(desktop), "a minute that passes", tray.program)
    wait_until_still(desktop)
    open_menu(desktop, clicks=1)
    desktop.press("Escape")


def on_the_bus(desktop: Desktop) -> str:
    """Return the tray's menu as any host may fetch it."""
    send = ["dbus-send", "--session", "--print-reply"]
    which = [f"string:{WATCHER}", "string:RegisteredStatusNotifierItems"]
    items = desktop.says([*send, f"--dest={WATCHER}", "/StatusNotifierWatcher", f"{PROPERTIES}.Get", *which])
    found = re.findall(r'string "(:[\d.]+)/', items)
    call = ["/MenuBar", f"{MENU}.GetLayout", "int32:0", "int32:-1", "array:string:label"]
    return desktop.says([*send, f"--dest={found[-1]}", *call]) if found else ""


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
