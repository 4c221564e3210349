"""The tray on a real display and session bus, with the test as its host: icon, tooltip, menu, clicks, as on the bus."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from tests.desktop.hosts import names_on_the_bus
from tests.desktop.screen import Desktop, wait
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_server import ACCOUNT, EMAIL, FakeAgent

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.client import read_record
from amika_shared.profile import Profile

pytestmark = pytest.mark.desktop

Start = Callable[..., TrayProgram]


def test_icon_tooltip_and_menu_follow_the_agent(host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    start_tray()
    wait(lambda: host.items and host.tooltip() == "Amika: Not signed in: nothing is pushed", "the tooltip")
    signed_out = host.icon()
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    wait(lambda: host.tooltip() == f"Amika: Everything is in sync\n{EMAIL}", "the tooltip")
    assert host.icon() != signed_out
    assert host.texts()[:2] == [f"{EMAIL}, Example Org", "Sign out"]
    assert len(host.items) == 1


def test_names_arrive_as_they_are(host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    start_tray()
    nasty = "R&D_<b>_&_dept"
    agent.publish(state="in_sync", accounts=[{**ACCOUNT, "organization": nasty}])
    wait(lambda: host.texts()[0] == f"{EMAIL}, {nasty}", "the name in the menu")


def test_clicks_reach_the_agent(host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    start_tray()
    agent.publish(state="in_sync", accounts=[ACCOUNT])
    wait(lambda: "Sign out" in host.texts(), "the menu")
    host.click("Sync now")
    wait(lambda: ("sync", {}) in agent.asked, "sync")
    host.click("Sign out")
    wait(lambda: ("sign_out", {"service": "amika"}) in agent.asked, "sign_out")
    wait(lambda: "Sign in…" in host.texts(), "the menu after signing out")


def test_sign_in_opens_the_dialog_once(desktop: Desktop, host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    start_tray()
    wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
    host.click("Sign in…")
    wait(lambda: desktop.windows("Sign in to Amika"), "the dialog")
    wait(lambda: "Continue signing in…" in host.texts(), "the menu")
    host.click("Continue signing in…")
    agent.approve()
    wait(lambda: "Sign out" in host.texts(), "the menu after signing in")
    assert len(desktop.windows("Sign in to Amika")) == 1
    assert [op for op, _ in agent.asked].count("sign_in") == 1


def test_the_icon_appears_when_a_host_comes_later(desktop: Desktop, agent: FakeAgent, start_tray: Start) -> None:
    agent.publish(state="offline")
    start_tray()
    wait(lambda: ("watch", {}) in agent.asked, "the tray")
    with TestHost(desktop.env["DBUS_SESSION_BUS_ADDRESS"]) as late:
        wait(lambda: late.items and late.tooltip().startswith("Amika: Offline"), "the icon")
        assert "Sync now" in late.texts()


def test_a_host_that_restarts_gets_the_icon_again(desktop: Desktop, agent: FakeAgent, start_tray: Start) -> None:
    start_tray()
    for _ in range(3):
        with TestHost(desktop.env["DBUS_SESSION_BUS_ADDRESS"]) as host:
            host.wait_for_icon()
            wait(lambda host=host: "Sign in…" in host.texts(), "the menu")
        wait(lambda: "StatusNotifierWatcher" not in names_on_the_bus(desktop), "the host to go")


def test_without_a_session_bus_it_still_runs(agent: FakeAgent, start_tray: Start) -> None:
    tray = start_tray(DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
    wait(lambda: ("watch", {}) in agent.asked, "the tray", tray.program)


def test_an_agent_that_dies_is_told_and_comes_back(
    host: TestHost, agent: FakeAgent, profile: Profile, start_tray: Start
) -> None:
    start_tray()
    wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
    agent.die()
    wait(lambda: host.texts()[0] == "Starting the agent…", "the news in the menu")
    second = FakeAgent(profile, os.environ).start()
    wait(lambda: "Sign in…" in host.texts(), "the menu of the next agent")
    second.stop()
    wait(lambda: "Start the agent" in host.texts(), "the stopped agent in the menu")


def test_quitting_asks_whether_the_agent_stays(
    desktop: Desktop, host: TestHost, agent: FakeAgent, start_tray: Start
) -> None:
    tray = start_tray()
    wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
    host.click("Quit")
    wait(lambda: desktop.windows("Quit Amika"), "the question")
    assert tray.running
    desktop.focus("Quit Amika")
    desktop.press("Return")
    wait(lambda: not tray.running, "the end")
    assert "stop" not in [op for op, _ in agent.asked]


@pytest.mark.parametrize("how", ["keep syncing", "SIGTERM"])
def test_it_ends_whatever_windows_are_open(
    desktop: Desktop, host: TestHost, agent: FakeAgent, start_tray: Start, how: str
) -> None:
    tray = start_tray()
    wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
    host.click("Open Amika…")
    host.click("Sign in…")
    for title in ("^Amika$", "Sign in to Amika"):
        wait(lambda title=title: desktop.windows(title), f"the window {title}")
    if how == "SIGTERM":
        tray.program.process.send_signal(signal.SIGTERM)
    else:
        host.click("Quit")
        desktop.focus("Quit Amika")
        desktop.press("Return")
    wait(lambda: not tray.running, "the end")
    wait(lambda: agent.cancelled, "the end of the sign-in")


def test_quitting_without_an_agent_asks_nothing(host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    tray = start_tray()
    wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
    agent.stop()
    wait(lambda: host.texts()[-1] == "Quit", "the menu without an agent")
    host.click("Quit")
    wait(lambda: not tray.running, "the end")


def test_killed_and_started_again_it_is_there_again(host: TestHost, agent: FakeAgent, start_tray: Start) -> None:
    tray = start_tray()
    first = host.wait_for_icon()
    tray.kill()
    start_tray()
    wait(lambda: host.items[-1].service != first.service, "the new icon")
    wait(lambda: "Sign in…" in host.texts(), "the menu")


@pytest.mark.parametrize(
    "fields",
    [
        {
            "credentials": [
                {"id": f"x/{n}", "provider": "p" * 500, "source": "<img>", "used": True} for n in range(1000)
            ]
        },
        {"accounts": [{"service": "amika", "signed_in": True, "email": "<b>\u202e\x07" + "e" * 500}]},
        {"accounts": "none", "credentials": 7, "problems": [None, {"message": "m" * 5000}], "state": "melting"},
    ],
)
def test_bad_snapshots_break_nothing(
    host: TestHost, agent: FakeAgent, start_tray: Start, fields: dict[str, Any]
) -> None:
    start_tray()
    agent.publish(**{"state": "in_sync", **fields})
    wait(lambda: host.items and "Sync now" in host.texts(), "the menu")
    agent.publish(state="offline", accounts=[], credentials=[], problems=[])
    wait(lambda: host.tooltip().startswith("Amika: Offline"), "the next snapshot")


def test_a_real_agent_is_started_and_brought_back_after_a_kill(
    host: TestHost, profile: Profile, start_tray: Start
) -> None:
    program = shutil.which("amika-agent", path=os.path.dirname(sys.executable))
    start_tray("--local", agent_command=f"{program} start --local")
    try:
        wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
        first = agent_pid(profile)
        os.kill(first, signal.SIGKILL)
        wait(lambda: agent_pid(profile) not in (0, first), "the next agent")
        wait(lambda: "Sign in…" in host.texts(), "the menu again")
    finally:
        subprocess.run([str(program), "stop", "--local"], env=os.environ, check=True, capture_output=True, timeout=60)
        workspace = launch.find(profile.workspace_dir, SystemClock())
        if workspace is not None:  # the killed agent's; the next one did not start it
            launch.stop(workspace)
    wait(lambda: "Start the agent" in host.texts(), "the stopped agent in the menu")


def test_a_real_agent_that_hangs_is_told_at_the_next_click_and_can_be_restarted(
    host: TestHost, profile: Profile, start_tray: Start
) -> None:
    program = shutil.which("amika-agent", path=os.path.dirname(sys.executable))
    start_tray("--local", agent_command=f"{program} start --local")
    first = 0
    try:
        wait(lambda: host.items and "Sign in…" in host.texts(), "the menu")
        first = agent_pid(profile)
        os.kill(first, signal.SIGSTOP)
        host.click("Sync now")
        wait(lambda: "Restart the agent" in host.texts(), "the offer to restart it")
        assert host.texts()[0] == "The agent does not answer."
        host.click("Restart the agent")
        wait(lambda: agent_pid(profile) not in (0, first), "the next agent")
        wait(lambda: "Sign in…" in host.texts(), "the menu again")
    finally:
        if first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, signal.SIGCONT)
        subprocess.run([str(program), "stop", "--local"], env=os.environ, check=True, capture_output=True, timeout=60)
        workspace = launch.find(profile.workspace_dir, SystemClock())
        if workspace is not None:
            launch.stop(workspace)


def agent_pid(profile: Profile) -> int:
    return int((read_record(profile.agent_record) or {}).get("pid", 0))
