"""A credential is kept pushed by a click: where that is offered, what is asked, and which command does it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from tests.fakes.agent_server import FakeAgent
from tests.tray.sample import machine
from tests.tray.waiting import until

from amika_shared.profile import Profile
from amika_shared.snapshot import read_snapshot
from amika_tray.app import TrayApp
from amika_tray.window.pages import CredentialsPage
from amika_tray.window.push_question import PushQuestion, can_be_pushed


@pytest.fixture
def page(qt: QApplication, agent: FakeAgent, profile: Profile) -> Iterator[CredentialsPage]:
    agent.publish(**machine(time.time()))
    app = TrayApp(profile, os.environ, ["true"], flags=["--local"])
    app.open()
    until(lambda: app._link.link.state == "connected")
    app.open_window("credentials")
    assert app._window is not None
    found = app._window.pages["credentials"]
    assert isinstance(found, CredentialsPage)
    until(lambda: found.table.rows.rowCount() > 0)
    yield found
    app.close()


def question_of(page: CredentialsPage) -> PushQuestion | None:
    return next(iter(page.findChildren(PushQuestion)), None)


def press(question: PushQuestion, name: str) -> None:
    button = question.findChild(QPushButton, name)
    assert button is not None
    button.click()


def told(page: CredentialsPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisibleTo(page))


def test_it_is_offered_for_what_is_used_and_not_pushed_while_somebody_is_signed_in() -> None:
    fields = machine(time.time())
    snapshot = read_snapshot(fields)
    offered = [one["id"] for one in snapshot["credentials"] if can_be_pushed(snapshot, one["id"])]
    assert offered == ["opencode/groq", "opencode/openrouter"]
    assert can_be_pushed(snapshot, "no/such") is None
    fields["accounts"][0]["signed_in"] = False
    assert can_be_pushed(read_snapshot(fields), "opencode/groq") is None


def test_the_button_follows_the_chosen_row(page: CredentialsPage) -> None:
    page.table.choose("claude-oauth/anthropic")
    assert not page.push.isVisibleTo(page)
    page.table.choose("opencode/groq")
    assert page.push.isVisibleTo(page)


def test_an_api_key_is_asked_about_without_words_on_logins(qt: QApplication) -> None:
    found = can_be_pushed(read_snapshot(machine(time.time())), "opencode/groq")
    assert found is not None
    question = PushQuestion(found)
    assert "Groq API key (OpenCode)" in question.text()
    assert "single-use" not in question.informativeText()
    assert question.slim is None
    assert question.words() == ["sync", "add", "opencode/groq", "--yes"]
    question.deleteLater()


def test_a_shared_login_is_said_and_may_be_stored_without_its_renewal(qt: QApplication) -> None:
    fields = machine(time.time())
    fields["credentials"][0]["sync"] = {"state": "not_pushed"}
    found = can_be_pushed(read_snapshot(fields), "claude-oauth/anthropic")
    assert found is not None
    question = PushQuestion(found)
    assert "Claude may sign the other out" in question.informativeText()
    assert question.slim is not None
    question.slim.setChecked(True)
    assert question.words() == ["sync", "add", "claude-oauth/anthropic", "--yes", "--without-refresh-token"]
    question.deleteLater()


def test_cancelling_changes_nothing(page: CredentialsPage) -> None:
    page.table.choose("opencode/groq")
    page.push.click()
    until(lambda: question_of(page) is not None)
    question = question_of(page)
    assert question is not None
    press(question, "cancel")
    until(lambda: question_of(page) is None)
    assert page.push.isEnabled()
    assert "Storing" not in told(page)


def test_what_the_command_says_stands_below_the_table(page: CredentialsPage) -> None:
    page.table.choose("opencode/groq")
    page.push.click()
    until(lambda: question_of(page) is not None)
    question = question_of(page)
    assert question is not None
    press(question, "push")
    until(lambda: "Storing" in told(page))
    assert not page.push.isEnabled()
    # the real command: nobody is signed in here
    until(page.push.isEnabled, 40)
    assert "nobody is signed in" in told(page).lower() or "not signed in" in told(page).lower()
