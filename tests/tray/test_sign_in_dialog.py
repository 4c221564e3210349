"""The dialog on a real stream: code, choice, every end; closing it cancels at the agent."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from tests.fakes.agent_server import CODE, ORGANIZATIONS, PAGE, FakeAgent
from tests.tray.waiting import until

from amika_shared.profile import Profile
from amika_tray.agent_link.link import AgentLink
from amika_tray.agent_link.starter import Starter
from amika_tray.sign_in.dialog import SignInDialog


@pytest.fixture(autouse=True)
def fresh_browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library reads $BROWSER once a process."""
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})


@pytest.fixture
def dialog(qt: QApplication, profile: Profile, agent: FakeAgent) -> Iterator[SignInDialog]:
    link = AgentLink(profile, os.environ, Starter([""]))
    shown = SignInDialog(
        "amika",
        lambda: link.request("sign_in", {"service": "amika"}),
        lambda chosen: link.request("choose_organization", {"id": chosen}),
    )
    shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    shown.show()
    shown.begin()
    until(lambda: shown.shown.phase == "code")
    yield shown
    shown.close()
    link.close()


def said(dialog: SignInDialog) -> str:
    page = dialog._pages.currentWidget()
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def test_it_shows_code_address_and_time_left(dialog: SignInDialog) -> None:
    assert dialog._code.code.text() == CODE
    assert dialog._code.address.text() == PAGE
    assert "Waiting for your approval, " in said(dialog)
    assert dialog._code.picture.isVisible()
    assert dialog._code.code.font().pointSizeF() > 2 * dialog.font().pointSizeF()


def test_approval_ends_well(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.approve()
    until(lambda: dialog.shown.over)
    assert "You are dev@example.com." in said(dialog)
    assert not dialog._end.retry.isVisible()


def test_denial_is_told_and_can_be_tried_again(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.deny()
    until(lambda: dialog.shown.over)
    assert "The sign-in was denied in the browser" in said(dialog)
    assert "Start it again" in said(dialog)
    QTest.mouseClick(dialog._end.retry, Qt.MouseButton.LeftButton)
    until(lambda: dialog.shown.phase == "code")
    assert [op for op, _ in agent.asked].count("sign_in") == 2


def test_an_agent_that_dies_meanwhile_is_told(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.die()
    until(lambda: dialog.shown.over)
    assert "The agent stopped during the sign-in." in said(dialog)


def test_an_organization_is_chosen_with_the_keyboard(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.organizations = ORGANIZATIONS
    agent.approve()
    until(lambda: dialog.shown.phase == "choose")
    assert dialog._choice.list.currentItem().text() == "Example Org"
    QTest.keyClick(dialog._choice.list, Qt.Key.Key_Down)
    assert dialog._choice.list.currentItem().text() == "Other & Sons"
    QTest.mouseClick(dialog._choice.go, Qt.MouseButton.LeftButton)
    until(lambda: dialog.shown.over)
    assert ("choose_organization", {"id": "org_2"}) in agent.asked


def test_escape_cancels_at_the_agent(dialog: SignInDialog, agent: FakeAgent) -> None:
    over: list[bool] = []
    dialog.over.connect(lambda: over.append(True))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    until(lambda: agent.cancelled == 1)
    assert over == [True]


def test_copy_puts_the_code_on_the_clipboard(dialog: SignInDialog) -> None:
    QTest.mouseClick(dialog._code.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == CODE
    assert dialog._code.copy.text() == "Copied"


def test_open_browser_honours_the_variable(
    dialog: SignInDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, seen = tmp_path / "browser", tmp_path / "seen"
    stub.write_text(f"#!/bin/sh\necho \"$1\" > '{seen}'\n")
    stub.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(stub))
    QTest.mouseClick(dialog._code.open, Qt.MouseButton.LeftButton)
    until(lambda: seen.exists() and seen.read_text().endswith("\n"))
    assert seen.read_text().strip() == f"{PAGE}?user_code={CODE}"


def test_no_browser_is_told(dialog: SignInDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "browser"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(broken))
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    QTest.mouseClick(dialog._code.open, Qt.MouseButton.LeftButton)
    until(lambda: "No browser could be opened" in said(dialog))
    assert "Waiting for your approval" in said(dialog)


def test_an_unsafe_page_is_not_opened(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.tell({"event": "code", "user_code": CODE, "verification_uri": "file:///etc/passwd"})
    until(lambda: dialog.shown.address.startswith("file:"))
    QTest.mouseClick(dialog._code.open, Qt.MouseButton.LeftButton)
    assert "not safe to open" in said(dialog)


def test_a_page_of_this_machine_has_no_qr_code(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.tell({"event": "code", "user_code": CODE, "verification_uri": "http://127.0.0.1:4711/device"})
    until(lambda: "127.0.0.1" in dialog.shown.address)
    assert not dialog._code.picture.isVisible()


def test_a_sign_in_that_ends_on_this_machine_shows_neither_a_code_nor_a_long_address(
    dialog: SignInDialog, agent: FakeAgent
) -> None:
    page = "https://app.almyty.example/cli-login?port=40111&state=" + "s" * 300
    agent.tell({"event": "code", "user_code": "", "verification_uri": page, "here": True})
    until(lambda: dialog.shown.here)
    assert dialog._code.address.text() == "app.almyty.example"
    assert not dialog._code.picture.isVisible()
    assert not dialog._code.copy.isVisible()
    assert "in a browser on this machine" in said(dialog)
    assert dialog.width() < 800
    assert dialog.shown.page == page
    agent.approve()
    until(lambda: dialog.shown.over)
    assert "The key is stored on this machine." in said(dialog)  # nobody renews it


def test_enter_does_what_the_page_is_there_for(dialog: SignInDialog, agent: FakeAgent) -> None:
    assert dialog.focusWidget() is dialog._code.open
    dialog._code.copy.setFocus()
    agent.tell({"event": "waiting", "message": "still waiting"})
    until(lambda: dialog.shown.note)
    assert dialog.focusWidget() is dialog._code.copy  # nobody is led away from where they went
    agent.organizations = ORGANIZATIONS
    agent.approve()
    until(lambda: dialog.shown.phase == "choose")
    assert dialog.focusWidget() is dialog._choice.list
    QTest.mouseClick(dialog._choice.go, Qt.MouseButton.LeftButton)
    until(lambda: dialog.shown.over)
    assert dialog.focusWidget() is dialog._end.leave


def test_every_control_has_a_name_for_screen_readers(dialog: SignInDialog) -> None:
    assert dialog._code.code.accessibleName() == "Sign-in code " + " ".join(CODE)
    assert dialog._code.picture.accessibleName()
    assert dialog._choice.list.accessibleName()
    assert dialog._code.open.isDefault()


def test_markup_from_the_agent_is_text(dialog: SignInDialog, agent: FakeAgent) -> None:
    agent.tell({"event": "waiting", "message": "<b>bold</b> & more"})
    until(lambda: dialog.shown.note)
    assert "<b>bold</b> & more" in said(dialog)
    assert dialog._code.status.textFormat() == Qt.TextFormat.PlainText


@pytest.mark.parametrize("way", ["close", "reject", "accept"])
def test_every_way_of_closing_closes_it_and_is_told_once(dialog: SignInDialog, agent: FakeAgent, way: str) -> None:
    over: list[bool] = []
    dialog.over.connect(lambda: over.append(True))
    assert getattr(dialog, way)() is not False
    assert not dialog.isVisible()
    dialog.close()
    assert over == [True]
    until(lambda: agent.cancelled == 1)
