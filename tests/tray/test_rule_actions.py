"""What a person may do with one push rule in the window: pause it, resume it, end it; and answer what it asks."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from tests.fakes.agent_server import FakeAgent
from tests.fakes.amika_program import AmikaProgram
from tests.tray.pages_seen import answer, asked, button, open_page, told
from tests.tray.sample import machine
from tests.tray.waiting import until

from amika_shared.snapshot import RuleLine, read_snapshot
from amika_tray.app import TrayApp
from amika_tray.question import Question
from amika_tray.window.problems_page import ProblemsPage
from amika_tray.window.push_question import StopQuestion
from amika_tray.window.rules_table import RulesTable


@pytest.fixture
def rules(app: TrayApp) -> RulesTable:
    found = open_page(app, "rules").rules
    assert isinstance(found, RulesTable)
    return found


def rule(**fields: Any) -> RuleLine:
    (line,) = read_snapshot({"rules": [{**machine(time.time())["rules"][0], **fields}]})["rules"]
    return line


def test_a_rule_is_paused_and_resumed(rules: RulesTable, agent: FakeAgent, amika: AmikaProgram) -> None:
    rules.table.choose("r1")
    button(rules, "Pause").click()
    until(rules.pause.isEnabled)
    assert "“Claude OAuth” is paused" in told(rules)
    lines = machine(time.time())["rules"]
    agent.publish(rules=[{**lines[0], "state": "paused"}, *lines[1:]])
    until(lambda: rules.pause.text() == "Res&ume")
    rules.pause.click()
    until(rules.pause.isEnabled)
    assert "“Claude OAuth” goes on" in told(rules)
    assert amika.asked == ["sync pause r1 --json --local", "sync resume r1 --json --local"]


@pytest.mark.parametrize(
    ("delete", "printed", "asked_for", "said"),
    [
        (False, {"name": "Claude OAuth", "stored": "kept"}, "sync forget r1 --json --local", "stays as it is."),
        (True, {"name": "Claude OAuth", "stored": "deleted"}, "sync forget r1 --json --delete --local", "is deleted."),
        (True, {"name": "Claude OAuth", "stored": "emptied"}, "sync forget r1 --json --delete --local", "is emptied."),
        (True, {"name": "Claude OAuth", "stored": "gone"}, "sync forget r1 --json --delete --local", "no stored copy"),
    ],
)
def test_a_rule_is_ended_and_what_becomes_of_the_copy_is_asked(
    rules: RulesTable, amika: AmikaProgram, delete: bool, printed: dict[str, str], asked_for: str, said: str
) -> None:
    amika.answers(json.dumps(printed))
    rules.table.choose("r1")
    rules.stop.click()
    question = asked(rules, StopQuestion)
    assert "“Claude OAuth”" in question.text()
    question.delete.setChecked(delete)
    answer(question, "stop")
    until(rules.stop.isEnabled)
    assert amika.asked == [asked_for]
    assert "“Claude OAuth” is no longer kept in sync." in told(rules)
    assert said in told(rules)


def test_the_copy_stays_unless_it_is_asked_for(qt: QApplication) -> None:
    question = StopQuestion(rule())
    assert question.words() == ["sync", "forget", "r1", "--json"]
    assert question.delete.text() == "&Delete the stored copy too"
    assert "organization" not in question.informativeText()
    question.deleteLater()


def test_what_cannot_be_deleted_is_emptied_and_an_organization_is_told_of(qt: QApplication) -> None:
    question = StopQuestion(rule(provider="generic", scope="org", name="<b>\u202eA</b>\n&c"))
    assert question.delete.text().startswith("&Empty")
    assert "Everyone in the organization" in question.informativeText()
    assert question.text() == "Stop keeping “<b>A</b> &c” in sync?"
    assert question.textFormat() == Qt.TextFormat.PlainText
    question.deleteLater()


def test_escape_ends_nothing(rules: RulesTable, amika: AmikaProgram) -> None:
    rules.stop.click()
    QTest.keyClick(asked(rules, StopQuestion), Qt.Key.Key_Escape)
    until(lambda: not rules.findChildren(StopQuestion))
    assert amika.asked == []
    assert rules.stop.isEnabled()


def test_a_refusal_is_told_with_its_remedy_and_the_rule_stays(rules: RulesTable, amika: AmikaProgram) -> None:
    amika.answers("", error="amika: there is no such rule\n  `amika sync rules` lists them.\n", code=4)
    rules.table.choose("r2")
    rules.stop.click()
    answer(asked(rules, StopQuestion), "stop")
    until(rules.stop.isEnabled)
    assert "There is no such rule. “amika sync rules” lists them." in told(rules)
    assert rules.table.chosen() == "r2"


def test_one_at_a_time(rules: RulesTable, amika: AmikaProgram) -> None:
    amika.holds()
    rules.pause.click()
    assert not rules.pause.isEnabled()
    assert not rules.stop.isEnabled()
    rules.errand.run(["sync", "pause", "r2"], "x", str)
    amika.lets_go()
    until(rules.pause.isEnabled)
    assert amika.asked == ["sync pause r1 --json --local"]


def test_buttons_go_with_the_rules_and_the_next_rule_is_chosen(rules: RulesTable, agent: FakeAgent) -> None:
    lines = machine(time.time())["rules"]
    rules.table.choose("r2")
    agent.publish(rules=[lines[0], lines[2]])
    until(lambda: rules.table.rows.rowCount() == 2)
    assert rules.table.chosen() == "r3"
    agent.publish(rules=[])
    until(lambda: rules.table.rows.rowCount() == 0)
    assert not rules.stop.isVisibleTo(rules)
    assert not rules.pause.isVisibleTo(rules)


def test_after_the_agent_was_away_the_same_rule_is_chosen(rules: RulesTable, agent: FakeAgent) -> None:
    lines = machine(time.time())["rules"]
    rules.table.choose("r2")
    agent.publish(rules=[])
    until(lambda: rules.table.rows.rowCount() == 0)
    agent.publish(rules=lines)
    until(lambda: rules.table.rows.rowCount() == 3)
    assert rules.table.chosen() == "r2"


class Asking:
    """The page Problems, with one problem on it."""

    def __init__(self, app: TrayApp, agent: FakeAgent, remedy: str) -> None:
        problem = {"code": "x", "source": "claude", "path": "", "message": "what is stored was replaced"}
        agent.publish(problems=[{**problem, "remedy": remedy}])
        self.page: ProblemsPage = open_page(app, "problems")
        until(lambda: any("was replaced" in label.text() for label in self.page.findChildren(QLabel)))


def test_an_answer_is_given_by_one_click(app: TrayApp, agent: FakeAgent, amika: AmikaProgram) -> None:
    amika.holds()
    page = Asking(app, agent, "amika sync resolve r1 restore|adopt").page
    button(page, "Store ours again").click()
    until(lambda: amika.asked)
    button(page, "Store ours again").click()
    amika.lets_go()
    until(lambda: not app._commands)
    button(page, "Keep what is stored").click()
    until(lambda: len(amika.asked) == 2)
    assert amika.asked == ["sync resolve r1 restore --local", "sync resolve r1 adopt --local"]
    until(lambda: not app._commands)
    assert not app._windows


def test_an_answer_that_does_not_settle_it_is_told(app: TrayApp, agent: FakeAgent, amika: AmikaProgram) -> None:
    amika.answers("", error="amika: not solved yet: the server cannot be reached\n  It is tried again.\n", code=5)
    page = Asking(app, agent, "If that is right: amika sync resolve r1 accept").page
    button(page, "Push it").click()
    until(lambda: app._windows)
    assert app._windows["failed"].windowTitle() == "That is not settled yet"
    assert "the server cannot be reached. It is tried again." in told(app._windows["failed"]).replace("The", "the")


def test_deleting_is_asked_about(app: TrayApp, agent: FakeAgent, amika: AmikaProgram) -> None:
    page = Asking(app, agent, "amika sync resolve r1 keep|delete").page
    button(page, "Delete what is stored…").click()
    answer(asked(page, Question), "cancel")
    button(page, "Delete what is stored…").click()
    answer(asked(page, Question), "delete")
    until(lambda: amika.asked)
    assert amika.asked == ["sync resolve r1 delete --local"]
    until(lambda: not app._commands)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_no_single_key_deletes_what_cannot_be_brought_back(
    app: TrayApp, agent: FakeAgent, amika: AmikaProgram, key: Qt.Key
) -> None:
    page = Asking(app, agent, "amika sync resolve r1 keep|delete").page
    button(page, "Delete what is stored…").click()
    question = asked(page, Question)
    assert QTest.qWaitForWindowActive(question, 20_000)
    QTest.keyClick(question, key)
    until(lambda: not page.findChildren(Question))
    assert amika.asked == []
    assert not app._commands
