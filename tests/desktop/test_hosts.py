"""The tray on real hosts: a StatusNotifierItem panel and an XEmbed tray, early, late, killed and started again."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from PySide6.QtGui import QImage
from tests.desktop.hosts import lxqt_panel, trayer
from tests.desktop.pixels import choose, icon_shown, look, open_menu, wait_until_still
from tests.desktop.screen import Desktop, Program, wait
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_server import ACCOUNT, FakeAgent

pytestmark = pytest.mark.desktop

Start = Callable[..., TrayProgram]
Host = Callable[[Desktop], AbstractContextManager[Program]]
HOSTS = pytest.mark.parametrize("host", [lxqt_panel, trayer])


@pytest.fixture(autouse=True)
def empty(desktop: Desktop) -> None:
    """Nothing of an earlier test is left where the icon and its menu go."""
    desktop.run("away", ["xdotool", "mousemove", "5", "5"])


def empty_tray(desktop: Desktop, host: Host) -> QImage:
    with host(desktop):
        return look(desktop, "empty")


def shown(desktop: Desktop, agent: FakeAgent, start_tray: Start) -> None:
    empty = look(desktop, "empty")
    start_tray()
    wait(lambda: icon_shown(desktop, empty) and ("watch", {}) in agent.asked, "the icon")
    wait_until_still(desktop)


@HOSTS
def test_a_click_on_the_icon_and_one_in_its_menu(
    desktop: Desktop, host: Host, agent: FakeAgent, start_tray: Start
) -> None:
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    with host(desktop):
        shown(desktop, agent, start_tray)
        choose(desktop, open_menu(desktop), 1)  # identity, Sign out, …
        wait(lambda: ("sign_out", {"service": "amika"}) in agent.asked, "sign_out")


@HOSTS
def test_a_left_click_opens_the_menu_too(desktop: Desktop, host: Host, agent: FakeAgent, start_tray: Start) -> None:
    with host(desktop):
        shown(desktop, agent, start_tray)
        open_menu(desktop, button=1)
        desktop.press("i")  # the key of "Sign in…"
        wait(lambda: "sign_in" in [op for op, _ in agent.asked], "sign_in")


@HOSTS
def test_a_host_that_comes_later_shows_the_icon(
    desktop: Desktop, host: Host, agent: FakeAgent, start_tray: Start
) -> None:
    empty = empty_tray(desktop, host)
    start_tray()
    wait(lambda: ("watch", {}) in agent.asked, "the tray")
    with host(desktop):
        wait(lambda: icon_shown(desktop, empty), "the icon")
        open_menu(desktop)
        desktop.press("Escape")


@HOSTS
def test_a_host_that_is_killed_and_started_again_shows_the_icon_again(
    desktop: Desktop, host: Host, agent: FakeAgent, start_tray: Start
) -> None:
    empty = empty_tray(desktop, host)
    start_tray()
    wait(lambda: ("watch", {}) in agent.asked, "the tray")
    for _ in range(2):
        with host(desktop) as program:
            wait(lambda: icon_shown(desktop, empty), "the icon")
            program.end(signal.SIGKILL)


def test_from_one_kind_of_host_to_the_other_and_back(desktop: Desktop, agent: FakeAgent, start_tray: Start) -> None:
    empty = {host: empty_tray(desktop, host) for host in (lxqt_panel, trayer)}
    start_tray()
    for host in (trayer, lxqt_panel, trayer, lxqt_panel):
        with host(desktop):
            wait(lambda host=host: icon_shown(desktop, empty[host]), f"the icon on {host.__name__}")
