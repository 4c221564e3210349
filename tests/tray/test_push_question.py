"""A credential is kept pushed by a click: where that is offered, what is asked, and which command does it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from tests.fakes.amika_program import AmikaProgram
from tests.tray.pages_seen import answer, asked, open_page, told
from tests.tray.sample import machine
from tests.tray.waiting import until

from amika_shared.snapshot import read_snapshot
from amika_tray.agent_link.command import own_program
from amika_tray.app import TrayApp
from amika_tray.window.pages import CredentialsPage
from amika_tray.window.push_question import PushQuestion, can_be_pushed

STORED = {"rule": "generic-groq-api-key", "name": "GROQ_API_KEY", "scope": "user", "action": "created"}


@pytest.fixture
def fields() -> dict[str, Any]:
    return machine(time.time())


@pytest.fixture
def page(app: TrayApp) -> CredentialsPage:
    found = open_page(app, "credentials")
    assert isinstance(found, CredentialsPage)
    found.table.choose("opencode/groq")
    return found


def question(fields: dict[str, Any], key: str) -> PushQuestion:
    found = can_be_pushed(read_snapshot(fields), key)
    assert found is not None
    return PushQuestion(found)


def test_it_is_offered_for_what_is_used_and_not_pushed_while_somebody_is_signed_in(fields: dict[str, Any]) -> None:
    snapshot = read_snapshot(fields)
    offered = [one["id"] for one in snapshot["credentials"] if can_be_pushed(snapshot, one["id"])]
    assert offered == ["opencode/groq", "opencode/openrouter"]
    assert can_be_pushed(snapshot, "no/such") is None
    fields["accounts"][0]["signed_in"] = False
    assert can_be_pushed(read_snapshot(fields), "opencode/groq") is None


def test_the_button_follows_the_chosen_row(page: CredentialsPage) -> None:
    assert page.push.isVisibleTo(page)
    page.table.choose("claude-oauth/anthropic")
    assert not page.push.isVisibleTo(page)


def test_an_api_key_is_asked_about_without_words_on_logins(qt: QApplication, fields: dict[str, Any]) -> None:
    shown = question(fields, "opencode/groq")
    assert "Groq API key (OpenCode)" in shown.text()
    assert "single-use" not in shown.informativeText()
    assert shown.slim is None
    assert shown.words() == ["sync", "add", "opencode/groq", "--yes", "--json"]
    shown.deleteLater()


def test_a_shared_login_is_said_and_may_be_stored_without_its_renewal(qt: QApplication, fields: dict[str, Any]) -> None:
    fields["credentials"][0]["sync"] = {"state": "not_pushed"}
    shown = question(fields, "claude-oauth/anthropic")
    assert "Claude may sign the other out" in shown.informativeText()
    assert shown.slim is not None
    shown.slim.setChecked(True)
    assert shown.words() == ["sync", "add", "claude-oauth/anthropic", "--yes", "--json", "--without-refresh-token"]
    shown.deleteLater()


def test_cancelling_changes_nothing(page: CredentialsPage, amika: AmikaProgram) -> None:
    page.push.click()
    answer(asked(page, PushQuestion), "cancel")
    assert page.push.isEnabled()
    assert not page.errand.is_running
    assert amika.asked == []


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (json.dumps(STORED), "“GROQ_API_KEY” is stored. Whenever the credential changes here it is replaced there."),
        (
            json.dumps({**STORED, "action": "waiting"}),
            "“GROQ_API_KEY” is kept in sync from now on. It is not stored yet: that is tried again by itself.",
        ),
        (json.dumps({**STORED, "name": "<b>\u202eA&B</b>"}), "“<b>A&B</b>” is stored."),
        ("not JSON", "“(no name)” is kept in sync from now on."),
    ],
)
def test_what_became_of_it_stands_below_the_table(
    page: CredentialsPage, amika: AmikaProgram, printed: str, said: str
) -> None:
    amika.answers(printed)
    amika.holds()
    page.push.click()
    answer(asked(page, PushQuestion), "push")
    assert "Storing it…" in told(page)
    assert not page.push.isEnabled()
    amika.lets_go()
    until(page.push.isEnabled)
    assert said in told(page)
    assert amika.asked == ["sync add opencode/groq --yes --json --local"]
    page.opened()
    assert said not in told(page)  # whoever comes back later is not told old news


def test_why_the_real_command_refused_stands_there_with_what_to_do(page: CredentialsPage, app: TrayApp) -> None:
    app._program = own_program
    page.push.click()
    answer(asked(page, PushQuestion), "push")
    until(page.push.isEnabled, 60)
    assert "Nobody is signed in to Amika" in told(page)
    assert "amika auth login" in told(page)


@pytest.mark.parametrize("code", [0, 5])
def test_closing_the_window_meanwhile_breaks_nothing(
    page: CredentialsPage, app: TrayApp, amika: AmikaProgram, code: int
) -> None:
    amika.answers("{}", code=code)
    amika.holds()
    page.push.click()
    answer(asked(page, PushQuestion), "push")
    until(lambda: amika.asked)
    assert app._window is not None
    app._window.close()
    until(lambda: app._window is None)
    amika.lets_go()
    until(lambda: not app._commands)
