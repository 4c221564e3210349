"""What is kept in sync, and what a person may do with one rule: pause it, resume it, end it."""

from __future__ import annotations

from amika_shared.snapshot import RuleLine, Snapshot
from amika_tray.rows import rule_heads, rule_rows
from amika_tray.window.errand import Commands, Errand
from amika_tray.window.push_question import NAME, StopQuestion, stopped_words
from amika_tray.window.table_page import TablePage
from amika_tray.wording import named, t


class RulesTable(TablePage):
    """The push rules; buttons for the chosen one."""

    def __init__(self, host: Commands) -> None:
        super().__init__(rule_heads(), t("Push rules"), _no_rules())
        self._rules: dict[str, RuleLine] = {}
        self.errand = Errand(host)
        self.errand.changed.connect(self._update)
        self.body.insertWidget(self.body.count() - 1, self.errand)
        self.pause = self.button(t("Pa&use"))
        self.pause.clicked.connect(self._pause)
        self.stop = self.button(t("&Stop pushing…"))
        self.stop.clicked.connect(self._ask)
        self.table.selectionModel().currentChanged.connect(lambda *_: self._update())
        self._update()

    def show_rules(self, snapshot: Snapshot | None, now: float) -> None:
        """Show the rules; None: it is not known what there is."""
        self._rules = {} if snapshot is None else {rule["id"]: rule for rule in snapshot["rules"]}
        if snapshot is None:
            self.show_rows([])
        else:
            self.show_rows(rule_rows(snapshot, now), snapshot["left_out"].get("rules", 0))
        self._update()

    def _chosen(self) -> RuleLine | None:
        return self._rules.get(self.table.chosen())

    def _update(self) -> None:
        rule = self._chosen()
        for button in (self.pause, self.stop):
            button.setVisible(rule is not None)
            button.setEnabled(not self.errand.is_running)
        if rule is not None:
            self.pause.setText(t("Res&ume") if rule["state"] == "paused" else t("Pa&use"))

    def _pause(self) -> None:
        rule = self._chosen()
        if rule is None:
            return
        name = named(rule["name"], NAME) or t("(no name)")
        if rule["state"] == "paused":
            said = t("“{name}” goes on: what has changed meanwhile is pushed.", name=name)
            self.errand.run(["sync", "resume", rule["id"], "--json"], t("Resuming it…"), lambda _printed: said)
        else:
            said = t("“{name}” is paused: its stored copy is not touched until you resume it.", name=name)
            self.errand.run(["sync", "pause", rule["id"], "--json"], t("Pausing it…"), lambda _printed: said)

    def _ask(self) -> None:
        rule = self._chosen()
        if rule is None or self.errand.is_running:
            return
        question = StopQuestion(rule, self)
        question.accepted.connect(lambda: self.errand.run(question.words(), t("Stopping it…"), stopped_words))
        question.open()


def _no_rules() -> tuple[str, str]:
    return (
        t("Nothing is pushed from this machine"),
        t(
            "A push rule keeps a stored secret equal to a credential on this machine, so that every new sandbox has "
            "it. Make one with “Keep it pushed…” on the page Credentials."
        ),
    )
