"""The pages that are one table, and what every page may ask of the application.

A page has `show_snapshot(snapshot, now, link)`, `opened()` (it is looked at now: fetch what is fetched only then) and
`focus()` (what takes the keyboard).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QWidget

from amika_shared.redaction import safe_line
from amika_shared.snapshot import CredentialLine, Snapshot
from amika_tray.agent_link.channel import Channel
from amika_tray.agent_link.command import Command
from amika_tray.agent_link.file_watch import FileWatch
from amika_tray.menu.describe import Link
from amika_tray.rows import Row, activity_heads, activity_rows, credential_heads, credential_rows, left_out
from amika_tray.window.errand import Errand
from amika_tray.window.push_question import PushQuestion, can_be_pushed, stored_words
from amika_tray.window.table_page import TablePage
from amika_tray.wording import sentences, t


class Host(Protocol):
    """What a page may ask of the application; nothing of it blocks."""

    def ask(self, op: str, args: dict[str, Any] | None, parent: QObject) -> Channel:
        """Return a channel on which the agent was asked; its outcome arrives as signals, unless `parent` goes first."""

    def act(self, action: str, target: str = "") -> None:
        """Do what an entry of the menu with this action and target would."""

    def open_menu(self, at: QPoint) -> None:
        """Open the menu of the icon somewhere on the screen: there may be no icon."""

    def command(self, *words: str) -> Command:
        """Return a command of `amika`, not yet started; words follow the program's name."""

    def watch(self, file: str, parent: QObject) -> FileWatch:
        """Return a watch on a file of this profile: "vault.json", "connections.json" or "settings.toml"."""

    @property
    def at_login(self) -> bool | None:
        """Whether the tray starts at login; None when that cannot be told."""


class CredentialsPage(TablePage):
    """What was found on this machine."""

    def __init__(self, host: Host) -> None:
        super().__init__(credential_heads(), t("Credentials"), _nothing_found())
        self._host = host
        self._snapshot: Snapshot | None = None
        self.errand = Errand(host)
        self.errand.changed.connect(self._update)
        self.body.insertWidget(self.body.count() - 1, self.errand)
        self.push = self.button(t("&Keep it pushed…"))
        self.push.clicked.connect(self._ask)
        self._details = self.button(t("&Details…"))
        self._details.clicked.connect(lambda: self.open_row(self.table.chosen()))
        self.table.selectionModel().currentChanged.connect(lambda *_: self._update())
        self._update()

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:
        """Show what was found."""
        self.explain(*(_nothing_found() if link.state == "connected" else _no_agent(link)))
        connected = link.state == "connected"
        self._snapshot = snapshot if connected else None
        if connected:
            self.show_rows(credential_rows(snapshot, now), snapshot["left_out"].get("credentials", 0))
        else:
            self.show_rows([])
        self._update()

    def opened(self) -> None:
        """Nothing has to be fetched; what an earlier command said is over."""
        self.errand.clear_told()

    def focus(self) -> QWidget:
        """Return the table."""
        return self.table

    def _update(self) -> None:
        self._details.setVisible(bool(self.table.chosen()))
        self.push.setVisible(self._may_push() is not None)
        self.push.setEnabled(not self.errand.is_running)

    def open_row(self, key: str) -> None:
        """Show a credential in full."""
        if key:
            self._host.act("show", f"credential:{key}")

    def _may_push(self) -> CredentialLine | None:
        return None if self._snapshot is None else can_be_pushed(self._snapshot, self.table.chosen())

    def _ask(self) -> None:
        chosen = self._may_push()
        if chosen is None or self.errand.is_running:
            return
        question = PushQuestion(chosen, self)
        question.accepted.connect(lambda: self.errand.run(question.words(), t("Storing it…"), stored_words))
        question.open()


class FetchedPage(TablePage):
    """A table that the agent is asked for when it is looked at.

    Args:
        host: the application.
        op: the operation that answers; the page is off where the agent does not know it.
        name: what a screen reader calls the table.
        heads: its columns.

    """

    LISTED = ""
    """Which list of the answer the rows are made of."""
    FILES: tuple[str, ...] = ()
    """The files behind the answer, where they may change without the agent knowing; see `Host.watch`."""

    def __init__(self, host: Host, op: str, name: str, heads: Sequence[str]) -> None:
        super().__init__(heads, name, self.nothing())
        self._host = host
        self._op = op
        self._asked: Channel | None = None
        self._generation = -1
        self._may_ask = self._ask_again = False
        self._files = [host.watch(file, self) for file in self.FILES]
        for file in self._files:
            file.changed.connect(self._file_changed)
        self._again = self.button(t("&Refresh"))
        self._again.clicked.connect(self.opened)

    def nothing(self) -> tuple[str, str]:
        """Return what is said while there are no rows: a title, and what would make the first."""
        raise NotImplementedError

    def arguments(self) -> dict[str, Any]:
        """Return what the agent is asked with."""
        return {}

    def rows_of(self, end: dict[str, Any]) -> list[Row]:
        """Return the rows of an answer."""
        raise NotImplementedError

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:  # noqa: ARG002 -- a page's signature
        """Fetch the news when something has happened and the page is looked at."""
        connected = link.state == "connected"
        self._may_ask = connected and link.offers(self._op)
        self._again.setEnabled(self._may_ask)
        if not self._may_ask:
            self.explain(*(_older_agent() if connected else _no_agent(link)))
            self.show_rows([])
            self._generation = -1
        elif snapshot["generation"] != self._generation and self.isVisible():
            self._generation = snapshot["generation"]
            self.opened()

    def opened(self) -> None:
        """Fetch what there is now."""
        for file in self._files:
            file.arm()
        self._ask_again = self._asked is not None  # what is under way may not have seen the latest
        if not self._may_ask or self._asked is not None:
            return
        self._asked = self._host.ask(self._op, self.arguments(), self)
        self._asked.ended.connect(self._fetched)
        self._asked.failed.connect(self._failed)

    def focus(self) -> QWidget:
        """Return the table."""
        return self.table

    def _file_changed(self) -> None:
        if self.isVisible():
            self.opened()

    def _fetched(self, end: dict[str, Any]) -> None:
        self._asked = None
        if self._ask_again:
            self.opened()
        if self._may_ask:
            self.explain(*self.nothing())
            self.show_rows(self.rows_of(end), left_out(end, self.LISTED))

    def _failed(self, _code: str, message: str, remedy: str) -> None:
        self._asked = None
        self._ask_again = False
        if self._may_ask:
            said = [sentences(safe_line(part)) for part in (message, remedy) if part]
            self.explain(t("This cannot be shown now"), "\n".join(said))
            self.show_rows([])


class ActivityPage(FetchedPage):
    """What happened to which credential, when and why."""

    LISTED = "events"
    LIMIT = 1000

    def __init__(self, host: Host) -> None:
        super().__init__(host, "activity", t("Activity"), activity_heads())
        self._rules: dict[str, str] = {}

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:
        """Learn what the rules are called, then as every page of its kind."""
        self._rules = {rule["id"]: rule["name"] for rule in snapshot["rules"] if rule["name"]}
        super().show_snapshot(snapshot, now, link)

    def nothing(self) -> tuple[str, str]:
        """Return what is noted here."""
        return (
            t("Nothing has happened yet"),
            t("Every credential found, cached, pushed or refused is noted here for 90 days. Values are never noted."),
        )

    def arguments(self) -> dict[str, Any]:
        """Ask for the newest."""
        return {"limit": self.LIMIT}

    def rows_of(self, end: dict[str, Any]) -> list[Row]:
        """Return the events."""
        return activity_rows(end, self._rules)


def _nothing_found() -> tuple[str, str]:
    return (
        t("No credentials found yet"),
        t(
            "Sign in to a coding agent on this machine (Claude Code, Codex, OpenCode, Amp …). "
            "What it stores appears here within a second; its files are only ever read."
        ),
    )


def _no_agent(link: Link) -> tuple[str, str]:
    match link.state:
        case "starting":
            return (t("The agent is starting"), t("What it knows appears here in a moment."))
        case "stopped":
            return (t("The agent is not running"), t("Start it to see what it knows: “Menu” has a line for it."))
    return (t("The agent cannot be asked"), t("“Menu” has a line that helps; what it knows then appears here."))


def _older_agent() -> tuple[str, str]:
    return (
        t("This agent does not know this page"),
        t("It is an older build than this window. Restart it: amika agent restart"),
    )
