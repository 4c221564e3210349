"""The tray in a Wayland session, where the clipboard is set only by a program whose window has the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.desktop.screen import OUTPUT, Desktop, wait
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram
from tests.desktop.wayland import Sway, sway
from tests.fakes.agent_server import FakeAgent
from tests.tray.sample import credential

pytestmark = pytest.mark.desktop

FAKE = "export GROQ_API_KEY='not-a-real-key'\n"


@pytest.fixture
def session(desktop: Desktop) -> Iterator[Sway]:
    with sway(desktop) as running:
        yield running


@pytest.fixture
def tray(session: Sway, host: TestHost, agent: FakeAgent, start_tray: Callable[..., TrayProgram]) -> TrayProgram:
    agent.environment = {"text": FAKE, "names": ["GROQ_API_KEY"], "withheld": []}
    agent.publish(credentials=[credential("groq", "groq", "api_key", None, "local", "GROQ_API_KEY")])
    started = start_tray("--local", **session.env)
    wait(lambda: any(line.text == "Copy environment" and line.enabled for line in host.menu()), "the menu")
    return started


def test_menu_window_and_dialog_are_there(tray: TrayProgram, session: Sway, host: TestHost) -> None:
    assert "libqwayland" in Path(f"/proc/{tray.pid}/maps").read_text()
    host.click("Open Amika")
    wait(lambda: "Amika" in session.titles(), "the window")
    host.click("Sign in")
    wait(lambda: "Sign in to Amika" in session.titles(), "the dialog")
    OUTPUT.mkdir(exist_ok=True)
    session.screenshot(OUTPUT / "wayland.png")
    session.press("Escape", until=lambda: session.titles() == ["Amika"], what="the dialog to go")


def test_a_click_on_the_icon_opens_the_window_and_that_has_the_menu(
    tray: TrayProgram, session: Sway, host: TestHost, agent: FakeAgent
) -> None:
    host.activate()
    wait(lambda: session.titles() == ["Amika"], "the window")
    # "Copy environment", without a question: the window has the keyboard
    session.press("alt+m", "c", until=lambda: session.pasted() == FAKE, what="the copy")
    assert session.titles() == ["Amika"]


def test_the_environment_is_copied_from_a_window_and_goes_with_the_tray(
    tray: TrayProgram, session: Sway, host: TestHost
) -> None:
    host.click("Copy environment")
    wait(lambda: session.focused().startswith("Copy environment"), "the question")
    assert session.pasted() == ""
    OUTPUT.mkdir(exist_ok=True)
    session.screenshot(OUTPUT / "wayland-copy.png")
    session.press("Return", until=lambda: session.pasted() == FAKE, what="the copy")
    assert "x-kde-passwordManagerHint" in session.offered()
    wait(lambda: session.titles() == [], "the question to go")
    assert session.pasted() == FAKE
    tray.end()
    assert session.pasted() == ""
