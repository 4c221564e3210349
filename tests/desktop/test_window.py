"""The window on a real display: in light and dark, at twice its size, with and without a tray, with notifications."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from tests.desktop.hosts import dunst
from tests.desktop.pixels import wait_until_still
from tests.desktop.portal import DARK, LIGHT, Portal
from tests.desktop.screen import SIZE, Desktop, wait
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_server import ACCOUNT, ORGANIZATIONS, FakeAgent
from tests.tray.sample import connected, credential, events, machine, plan, vault

pytestmark = pytest.mark.desktop

Start = Callable[..., TrayProgram]
TITLE = "^Amika$"
PAGES = ("credentials", "rules", "vault", "connections", "activity", "problems", "settings", "diagnostics")


@pytest.fixture
def full(agent: FakeAgent) -> FakeAgent:
    now = time.time()
    agent.publish(**machine(now))
    agent.plan, agent.events = plan(), events(now)
    agent.vault, agent.connected = vault(now), connected(now)
    return agent


def open_window(desktop: Desktop, host: TestHost) -> None:
    wait(lambda: host.items and "Open Amika…" in host.texts(), "the menu")
    host.click("Open Amika…")
    wait(lambda: desktop.windows(TITLE), "the window")
    desktop.focus(TITLE)


def shown(desktop: Desktop) -> int:
    """Return how many notifications stand on the screen."""
    said = desktop.says(["dunstctl", "count", "displayed"]).strip()
    return int(said) if said.isdigit() else 0


def owners(desktop: Desktop) -> list[int]:
    """Return the processes whose windows are open."""
    return [int(desktop.says(["xdotool", "getwindowpid", window])) for window in desktop.windows(TITLE)]


def brightness(picture: Path) -> float:
    image = QImage(str(picture))
    points = [(x, y) for x in range(60, image.width(), 40) for y in range(60, image.height(), 40)]
    return sum(image.pixelColor(x, y).lightness() for x, y in points) / len(points)


def test_the_window_follows_the_desktop_from_light_to_dark(
    desktop: Desktop, host: TestHost, full: FakeAgent, start_tray: Start
) -> None:
    with Portal(desktop.env["DBUS_SESSION_BUS_ADDRESS"], LIGHT) as portal:
        start_tray()
        open_window(desktop, host)
        wait_until_still(desktop)
        light = host.icon()
        assert brightness(desktop.screenshot("turning", window=TITLE)) > 128
        portal.turn(DARK)
        wait(lambda: brightness(desktop.screenshot("turning", window=TITLE)) < 128, "the dark window")
        wait(lambda: host.icon() != light, "the icon for a dark panel")


def test_at_twice_the_size_everything_is_twice_as_large(
    desktop: Desktop, host: TestHost, full: FakeAgent, start_tray: Start
) -> None:
    start_tray(QT_SCALE_FACTOR="2")
    open_window(desktop, host)
    desktop.press("ctrl+6")
    wait_until_still(desktop)
    picture = QImage(str(desktop.screenshot("window-scaled", window=TITLE)))
    assert 1000 < picture.width() < SIZE[0]  # larger than at one, and still on the screen


def test_a_second_start_opens_the_window(desktop: Desktop, host: TestHost, full: FakeAgent, start_tray: Start) -> None:
    start_tray()
    wait(lambda: host.items and "Open Amika…" in host.texts(), "the menu")
    second = TrayProgram(desktop, desktop.env_for(os.environ), "--local")
    assert second.program.process.wait(30) == 0
    assert second.program.said == "amika-tray: it is already running; its window opens.\n"
    desktop.programs.remove(second.program)
    wait(lambda: desktop.windows(TITLE), "the window of the first")


def test_without_a_tray_the_window_opens_unless_it_was_started_hidden(
    desktop: Desktop, full: FakeAgent, start_tray: Start, tmp_path: Path
) -> None:
    hidden = start_tray("--local", "--hidden")
    wait(lambda: ("watch", {}) in full.asked, "the first tray")
    # another person's, started later: by the time its window opens the first one's would have been there
    (tmp_path / "run").mkdir(mode=0o700)
    folders = {name: str(tmp_path / name) for name in os.environ if name.startswith("XDG_")}
    shown = start_tray(**{**folders, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")})
    wait(lambda: owners(desktop) == [shown.pid], "the window", shown.program)
    assert hidden.running


def test_notifications_come_once_and_a_click_opens_the_page(
    desktop: Desktop, host: TestHost, agent: FakeAgent, start_tray: Start
) -> None:
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    with dunst(desktop, stacked=False):
        start_tray()
        wait(lambda: host.items and "Sign out" in host.texts(), "the menu")
        ends = time.time() + 20 * 60
        problem = {"code": "malformed", "message": "<b>x</b> & y is damaged", "remedy": "Repair it."}
        claude = credential("claude-oauth", "anthropic", "oauth", ends, "in_sync", "X")
        agent.publish(state="attention", problems=[problem], credentials=[claude])
        wait(lambda: shown(desktop) == 2, "the notifications")
        # what is new comes last, after everything that could be told again
        agent.publish(credentials=[claude, credential("codex", "openai", "oauth", ends, "in_sync", "Y")])
        wait(lambda: shown(desktop) >= 3, "the next one")
        assert shown(desktop) == 3  # nothing is told twice
        desktop.run("act", ["dunstctl", "action", "0"])
        wait(lambda: desktop.windows(TITLE), "the window")


def test_the_sign_in_with_a_code_for_another_device_and_the_choice_of_an_organization(
    desktop: Desktop, host: TestHost, agent: FakeAgent, start_tray: Start
) -> None:
    agent.organizations = ORGANIZATIONS
    start_tray()
    wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
    host.click("Sign in…")
    wait(lambda: "Continue signing in…" in host.texts(), "the code")
    agent.approve()
    asked = agent.asked  # Enter opens the browser before there is the choice, and makes it then
    desktop.press_until(
        "Sign in to Amika", "Return", lambda: "choose_organization" in [op for op, _ in asked], "the choice"
    )
    wait(lambda: "Sign out" in host.texts(), "the menu after signing in")
