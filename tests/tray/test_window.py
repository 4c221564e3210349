"""The window without a screen: what every page shows, and what its buttons ask for."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
)
from tests.fakes.agent_server import FakeAgent, Refused
from tests.tray.desk import Desk, cells
from tests.tray.pages_seen import told
from tests.tray.sample import credential, machine, vault
from tests.tray.waiting import until

from amika_agent.stores.connections import connections_path
from amika_agent.stores.vault import vault_path
from amika_shared.profile import Profile
from amika_shared.settings_schema import SCHEMA, may_configure
from amika_tray.app import TrayApp
from amika_tray.menu.describe import Entry


def test_credentials_say_provider_kind_source_expiry_state_and_variable(desk: Desk) -> None:
    rows = cells(desk.turn("credentials").table)
    assert rows[0] == ["Anthropic", "login", "Claude Code", "in 3 h", "in sync", "CLAUDE_CODE_OAUTH_TOKEN"]
    assert rows[4][3:5] == ["2 h ago (expired)", "expired"]
    assert rows[-1][4] == "not used, Claude Code comes first"


def test_enter_on_a_credential_opens_it_in_full(desk: Desk) -> None:
    page = desk.turn("credentials")
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    until(lambda: "credential:claude-oauth/anthropic" in desk.app._windows)


def test_rules_and_preview(desk: Desk) -> None:
    page = desk.turn("rules")
    assert cells(page.rules.table)[2][:5] == ["AMP_API_KEY", "the organization", "Amp", "parked: confirm it", "not yet"]
    assert not desk.asked("sync")
    QTest.mouseClick(page.preview, Qt.MouseButton.LeftButton)
    until(lambda: cells(page.plan.table))
    assert desk.asked("sync") == [{"dry_run": True}]
    rows = cells(page.plan.table)
    assert rows[0] == ["replace", "Codex OAuth", "Codex renewed its login"]  # what sends something comes first
    assert rows[2][2] == "It was pushed for Other Org. Confirm it: amika sync resolve r3 accept"


def test_a_preview_that_fails_says_why_and_can_be_asked_for_again(desk: Desk) -> None:
    page = desk.turn("rules")
    desk.agent.sync_error = Refused("offline", "the server cannot be reached", "Try again later.")
    page.preview.click()
    until(lambda: "The server cannot be reached\nTry again later." in told(page.plan))
    assert page.preview.isEnabled()


def test_activity_is_fetched_when_it_is_looked_at_and_the_newest_comes_first(desk: Desk) -> None:
    assert not desk.asked("activity")
    page = desk.turn("activity")
    until(lambda: cells(page.table))
    rows = cells(page.table)
    assert len(rows) == 7
    assert rows[0][1:3] == ["revealed", "GROQ_API_KEY (OpenCode)"]


def test_the_vault_is_names_and_places_and_asked_for_when_it_is_looked_at(desk: Desk) -> None:
    assert not desk.asked("secret_list")
    page = desk.turn("vault")
    until(lambda: cells(page.table))
    assert [row[:3] for row in cells(page.table)] == [
        ["GITHUB_TOKEN", "the workspace", "keyring"],
        ["REGISTRY_PASSWORD", "the tenant", "sealed file"],
        ["SLACK_BOT_TOKEN", "the workspace", "keyring"],
    ]
    desk.agent.vault = desk.agent.vault[:1]
    desk.button("Refresh", page).click()
    until(lambda: len(cells(page.table)) == 1)
    asked = desk.asked("secret_list")
    assert (len(asked) >= 2, any(asked)) == (True, False)  # news that come meanwhile ask too; always without arguments


def test_connections_say_what_the_vault_lacks_for_them(desk: Desk) -> None:
    assert not desk.asked("connections")
    page = desk.turn("connections")
    until(lambda: cells(page.table))
    rows = cells(page.table)
    assert rows[0][:5] == ["issues", "github", "GITHUB_TOKEN", "the workspace", "ready"]
    assert rows[1][2:5] == ["LINEAR_API_KEY", "the tenant", "missing in the vault: LINEAR_API_KEY"]
    assert rows[2][2] == "none"
    assert not any("team-of-the-field" in cell for row in rows for cell in row)  # fields are not shown


@pytest.mark.parametrize(
    ("name", "taught"), [("vault", "amika vault put KEY"), ("connections", "amika connections add")]
)
def test_the_empty_vault_and_no_connections_teach_the_command(desk: Desk, name: str, taught: str) -> None:
    desk.agent.vault, desk.agent.connected = [], []
    page = desk.turn(name)
    until(lambda: desk.asked({"vault": "secret_list"}.get(name, name)))
    until(lambda: taught in told(page))
    assert cells(page.table) == []


@pytest.mark.parametrize("name", ["vault", "connections"])
def test_a_page_is_off_when_the_agent_does_not_know_its_operation(
    qt: QApplication, agent: FakeAgent, profile: Profile, name: str
) -> None:
    op = {"vault": "secret_list"}.get(name, name)
    agent.hello["features"].remove(op)
    app = TrayApp(profile, os.environ, ["true"], flags=["--local"])
    app.open()
    until(lambda: app._link.link.state == "connected" and app._link.link.features is not None)
    desk = Desk(app, agent)
    page = desk.turn(name)
    assert "It is an older build than this window. Restart it: amika agent restart" in told(page)
    assert not desk.button("Refresh", page).isEnabled()
    agent.publish(**machine(time.time()))
    until(lambda: app._link.snapshot["credentials"])
    assert not desk.asked(op)
    app.close()


def test_every_problem_has_a_button_that_does_something_about_it(desk: Desk) -> None:
    page = desk.turn("problems")
    assert [button.text() for button in page.findChildren(QPushButton)] == [
        "Copy command",
        "Show file",
        "Push it",
        "Sign in…",
    ]
    assert "Problems (4)" in [desk.window.list.item(n).text() for n in range(8)]
    page.findChildren(QPushButton)[0].click()
    until(lambda: QGuiApplication.clipboard().text() == "gemini")
    page.findChildren(QPushButton)[3].click()
    until(lambda: desk.asked("sign_in") == [{"service": "akos"}])


def test_who_reads_the_problems_stays_where_they_are_when_others_come(desk: Desk) -> None:
    page = desk.turn("problems")
    problems = [
        {"code": f"c{n}", "source": "claude", "path": f"/home/dev/{n}", "message": f"file {n} is damaged", "remedy": ""}
        for n in range(40)
    ]
    desk.agent.publish(problems=problems)
    until(lambda: len(page.findChildren(QPushButton)) == 40 and page.verticalScrollBar().maximum() > 1000)
    page.verticalScrollBar().setValue(1000)
    page.findChildren(QPushButton)[30].setFocus()
    until(lambda: desk.window.focusWidget() is page.findChildren(QPushButton)[30])
    at = page.verticalScrollBar().value()
    desk.agent.publish(problems=[*problems, {**problems[0], "code": "new", "message": "one more"}])
    until(lambda: len(page.findChildren(QPushButton)) == 41)
    until(lambda: page.verticalScrollBar().value() == at)
    assert desk.window.focusWidget().accessibleName() == "Show file, for: File 30 is damaged"


def test_markup_in_names_is_text(desk: Desk) -> None:
    nasty = "<b>R&D</b><img src=x>"
    desk.agent.publish(problems=[{"code": "x", "message": nasty, "remedy": nasty}])
    page = desk.turn("problems")
    until(lambda: nasty in told(page))
    labels = [label for label in desk.window.findChildren(QLabel) if "<" in label.text()]
    assert labels
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)
    desk.agent.publish(credentials=[credential("x", nasty, "api_key", None, "in_sync", nasty)])
    table = desk.turn("credentials").table
    until(lambda: len(cells(table)) == 1)
    tip = table.model().index(0, 5).data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>" not in tip
    assert "&lt;b&gt;" in tip


def test_settings_show_what_the_agent_has_and_every_change_is_sent(desk: Desk) -> None:
    desk.agent.settings["agent.log_level"] = "warning"
    page = desk.turn("settings")
    level = next(box for box in page.findChildren(QComboBox) if box.accessibleName() == "Log level")
    until(lambda: level.currentText() == "warning")
    claude = next(b for b in page.findChildren(QCheckBox) if b.accessibleName() == "Push by itself: Claude Code")
    assert claude.isChecked()
    claude.click()
    until(lambda: desk.asked("configure") == [{"key": "sync.auto_push", "value": ["codex"]}])
    until(lambda: not claude.isChecked())
    allowed = next(edit for edit in page.findChildren(QLineEdit) if edit.accessibleName() == "Allow in shells")
    QTest.keyClicks(allowed, "ANTHROPIC_API_KEY")
    QTest.keyClick(allowed, Qt.Key.Key_Return)
    until(lambda: desk.asked("configure")[-1] == {"key": "shell.allow", "value": ["ANTHROPIC_API_KEY"]})
    store = next(box for box in page.findChildren(QComboBox) if box.accessibleName() == "Keep the login in")
    assert [store.itemText(place) for place in range(2)] == [
        "a file, which the Go CLI reads too",
        "the system's keyring",
    ]
    store.activated.emit(1)
    until(lambda: desk.asked("configure")[-1] == {"key": "session_store", "value": "keychain"})
    until(lambda: "Keep the login in: taken when the agent starts anew." in told(page))


def test_a_setting_that_is_refused_is_said_and_put_back(desk: Desk) -> None:
    page = desk.turn("settings")
    until(lambda: desk.asked("settings"))
    level = next(box for box in page.findChildren(QComboBox) if box.accessibleName() == "Log level")
    level.addItem("loud", "loud")
    level.setCurrentText("loud")
    level.activated.emit(level.currentIndex())
    until(lambda: "agent.log_level takes:" in told(page))
    assert level.currentText() == "info"


def test_start_at_login_is_switched_and_shown(desk: Desk) -> None:
    page = desk.turn("settings")
    assert not page.at_login.isChecked()
    page.at_login.click()
    until(lambda: desk.app.at_login is True)
    assert page.at_login.isChecked()
    (entry,) = [entry for entry in desk.app._entries() if entry.action == "at_login"]
    assert (entry.checked, entry.target) == (True, "off")
    desk.app.do(entry)
    until(lambda: not page.at_login.isChecked())


def test_the_report_is_made_by_the_doctor_and_can_be_copied(desk: Desk) -> None:
    page = desk.turn("diagnostics")
    text = page.findChild(QPlainTextEdit)
    until(lambda: "amika on PATH" in text.toPlainText(), 30)
    assert "dev@example.com" not in text.toPlainText()
    page.copy.click()
    assert QGuiApplication.clipboard().text() == text.toPlainText()
    assert page.copy.text() == "Copied"
    desk.button("Refresh", page).click()
    until(lambda: page.copy.text() == "&Copy", 30)  # what is shown now is another report


def test_the_command_line_is_installed_from_the_settings(desk: Desk, home: Any) -> None:
    page = desk.turn("settings")
    page.install.click()
    until(page.install.isEnabled, 30)
    assert "linked: " in told(page)
    assert (home / ".local/bin/amika").is_symlink()


def test_copy_environment_puts_it_on_the_clipboard_and_says_what_and_for_how_long(desk: Desk) -> None:
    shown: list[str] = []
    desk.app._notifier._fall_back = lambda notice: shown.append(notice.text)
    desk.agent.environment = {"text": "export A='not-a-real-key'\n", "names": ["A"], "withheld": []}
    desk.app.do(Entry(action="copy_env"))
    until(lambda: desk.app._clipboard.holds)
    until(lambda: shown)
    assert shown == ["A. The clipboard is cleared in 45 s."]
    desk.app.close()
    assert QGuiApplication.clipboard().text() == ""


def test_when_nothing_may_be_copied_the_reasons_are_shown(desk: Desk) -> None:
    withheld = [{"name": "ANTHROPIC_API_KEY", "source": "claude-api", "reason": "it would switch Claude Code"}]
    desk.agent.environment = {"text": "", "names": [], "withheld": withheld}
    desk.app.do(Entry(action="copy_env"))
    until(lambda: "copied" in desk.app._windows)
    assert "it would switch Claude Code" in told(desk.app._windows["copied"])
    assert not desk.app._clipboard.holds


@pytest.mark.parametrize(("target", "seconds"), [("3600", 3600), ("", None)])
def test_pause_and_resume(desk: Desk, target: str, seconds: int | None) -> None:
    desk.app.do(Entry(action="pause", target=target))
    until(lambda: desk.asked("pause") == [{"seconds": seconds}])
    until(lambda: "resume" in [entry.action for entry in desk.app._entries()])
    desk.app.do(Entry(action="resume"))
    until(lambda: desk.asked("resume") == [{}])


def test_without_an_agent_every_page_says_so_and_offers_the_start(desk: Desk) -> None:
    desk.agent.stop()
    page = desk.turn("problems")
    until(lambda: desk.app._link.link.state == "stopped")
    assert [button.text() for button in page.findChildren(QPushButton)] == ["Start the agent"]
    assert "The agent is not running" in told(desk.turn("credentials"))
    assert cells(desk.turn("credentials").table) == []
    assert not desk.turn("settings").findChild(QComboBox).isEnabled()


def test_empty_pages_teach(desk: Desk) -> None:
    desk.agent.publish(state="in_sync", credentials=[], rules=[], problems=[])
    until(lambda: "Claude Code, Codex, OpenCode, Amp" in told(desk.turn("credentials")))
    assert "“Keep it pushed…”" in told(desk.turn("rules"))
    assert "No problems" in told(desk.turn("problems"))


def test_what_a_terminal_stores_is_on_the_open_page_by_itself(desk: Desk, profile: Profile) -> None:
    now = time.time()
    page = desk.turn("vault")
    until(lambda: len(cells(page.table)) == 3)
    desk.agent.vault = [*vault(now), {"key": "NEW", "scope": "workspace", "source": "keyring", "stored_at": now}]
    replace_file(vault_path(profile.data_dir), "{}")
    until(lambda: [row[0] for row in cells(page.table)][-1:] == ["NEW"])
    page = desk.turn("connections")
    until(lambda: len(cells(page.table)) == 3)
    asked = len(desk.asked("secret_list"))
    desk.agent.connected = desk.agent.connected[:1]
    replace_file(connections_path(profile.data_dir), "{}")
    until(lambda: len(cells(page.table)) == 1)
    assert len(desk.asked("secret_list")) == asked  # a page that is not looked at asks nothing


def test_what_a_terminal_sets_is_on_the_open_settings_by_itself(desk: Desk, profile: Profile) -> None:
    page = desk.turn("settings")
    until(lambda: "not set   (network.proxy)" in told(page))
    desk.agent.settings["network.proxy"] = "http://127.0.0.1:3128"
    replace_file(profile.settings_file, "")
    desk.turn("settings")  # the folder may have come only now
    until(lambda: "http://127.0.0.1:3128   (network.proxy)" in told(page))
    desk.agent.settings["network.proxy"] = "http://127.0.0.1:3129"
    replace_file(profile.settings_file, "# changed")
    until(lambda: "http://127.0.0.1:3129   (network.proxy)" in told(page))


def replace_file(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)


def test_what_the_agent_would_refuse_to_change_is_shown_and_not_offered(desk: Desk) -> None:
    page = desk.turn("settings")
    for setting in SCHEMA:
        fixed = f"({setting.key})" in told(page)
        assert fixed is not may_configure(setting.key), setting.key
    assert "amika config set" in told(page)
