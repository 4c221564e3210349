"""Settings: what this program does at login, the command line, and everything of the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from amika_shared.redaction import safe_line
from amika_shared.settings_schema import from_text
from amika_shared.snapshot import Snapshot
from amika_tray.agent_link.channel import Channel
from amika_tray.agent_link.command import Command
from amika_tray.labels import selectable, text_label, tool_tip
from amika_tray.menu.describe import Link
from amika_tray.settings_form import Field, choice_name, given, sections, shown
from amika_tray.window.pages import Host
from amika_tray.wording import elided, sentences, t, wrappable

Put = Callable[[object], None]
LEAST = 12  # characters of a choice that are seen in the narrowest window
WIDEST = 90  # characters of a value that is shown only


class _Choice(QComboBox):
    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(LEAST)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 -- Qt's name
        """Leave the wheel to the page: whoever turns it over a list does not mean to change a setting."""
        event.ignore()


class SettingsPage(QScrollArea):
    """Every change is sent at once; the form shows what the agent then says it is."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._put: dict[str, Put] = {}
        self._fields = {field.setting.key: field for section in sections() for field in section.fields}
        self._values: dict[str, object] = {}
        self._asked: Channel | None = None
        self._linking: Command | None = None
        self._can = False
        self._file = host.watch("settings.toml", self)
        self._file.changed.connect(self._file_changed)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(t("Settings"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        sheet = QWidget()
        self._column = QVBoxLayout(sheet)
        self._column.setContentsMargins(0, 0, 12, 0)
        self._column.setSpacing(6)
        self._program()
        self._told = selectable(text_label())
        self._told.hide()
        self._column.addWidget(self._told)
        self._agent = QWidget()
        self._of_agent()
        self._column.addWidget(self._agent)
        self._column.addStretch(1)
        self.setWidget(sheet)

    def show_snapshot(self, snapshot: Snapshot, now: float, link: Link) -> None:  # noqa: ARG002 -- a page's signature
        """Follow whether the agent can be asked, and whether the tray starts at login."""
        can = link.state == "connected" and link.offers("settings") and link.offers("configure")
        came, self._can = can and not self._can, can
        self._agent.setEnabled(can)
        if not can:
            self._tell(t("The agent has to run for these settings to be shown and changed."))
        elif came and self.isVisible():
            self.opened()
        on = self._host.at_login
        self.at_login.setEnabled(on is not None)
        self.at_login.setChecked(on is True)

    def opened(self) -> None:
        """Ask the agent for the values."""
        self._file.arm()
        if not self._can or self._asked is not None:
            return
        self._asked = self._host.ask("settings", None, self)
        self._asked.ended.connect(self._fetched)
        self._asked.failed.connect(self._failed)

    def focus(self) -> QWidget:
        """Return the first field."""
        return self.at_login

    def _file_changed(self) -> None:
        if self.isVisible():
            self.opened()

    def _program(self) -> None:
        self._column.addWidget(text_label(t("This program"), scale=1.1, bold=True))
        self.at_login = QCheckBox(t("&Start at login, hidden in the tray"))
        self.at_login.clicked.connect(lambda on: self._host.act("at_login", "on" if on else "off"))
        self._column.addWidget(self.at_login)
        self.install = QPushButton(t("&Install command line"))
        self.install.setAutoDefault(False)
        self.install.clicked.connect(self._install)
        self._linked = selectable(text_label(t("Puts amika on your PATH. Another amika is never replaced.")))
        row = QHBoxLayout()
        row.addWidget(self.install)
        row.addWidget(self._linked, 1)
        self._column.addLayout(row)

    def _of_agent(self) -> None:
        column = QVBoxLayout(self._agent)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        width = max(self.fontMetrics().horizontalAdvance(field.label) for field in self._fields.values()) + 12
        for section in sections():
            column.addSpacing(10)
            column.addWidget(text_label(section.title, scale=1.1, bold=True))
            if section.note:
                column.addWidget(selectable(text_label(section.note)))
                column.addSpacing(4)
            form = QFormLayout()
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            for field in section.fields:
                widget = self._widget(field)
                widget.setToolTip(tool_tip(field.help))
                widget.setAccessibleDescription(field.help)
                name = text_label(t("{label}:", label=field.label))
                name.setMinimumWidth(width)
                name.setBuddy(widget)
                form.addRow(name, widget)
            column.addLayout(form)

    def _widget(self, field: Field) -> QWidget:
        match field.kind:
            case "switch":
                return self._switch(field)
            case "choice":
                return self._choice(field)
            case "choices":
                return self._choices(field)
            case "fixed":
                return self._fixed(field)
        return self._text(field)

    def _fixed(self, field: Field) -> QWidget:
        label = selectable(text_label())
        policy = label.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)  # a long address is wrapped, never wider than the page
        label.setSizePolicy(policy)

        def put(value: object) -> None:
            text = shown(field, value) or t("not set")
            label.setText(wrappable(elided(f"{text}   ({field.setting.key})", WIDEST)))
            label.setAccessibleName(f"{field.label}: {text}")

        self._put[field.setting.key] = put
        put(field.setting.default)
        return label

    def _switch(self, field: Field) -> QWidget:
        box = QCheckBox()
        box.setAccessibleName(field.label)
        self._put[field.setting.key] = lambda value: box.setChecked(value is True)
        box.clicked.connect(lambda on: self._send(field, on))
        holder = QWidget()
        row = QHBoxLayout(holder)  # the text beside the box, because that of a box cannot be wrapped
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(box)
        row.addWidget(text_label(field.help), 1)
        holder.setFocusProxy(box)
        return holder

    def _choice(self, field: Field) -> QWidget:
        box = _Choice()
        for word in field.setting.choices:
            box.addItem(choice_name(word), word)
        box.setAccessibleName(field.label)
        self._put[field.setting.key] = lambda value: box.setCurrentIndex(box.findData(shown(field, value)))
        box.activated.connect(lambda place: self._send(field, box.itemData(place)))
        return box

    def _choices(self, field: Field) -> QWidget:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        boxes = {word: QCheckBox(choice_name(word)) for word in field.setting.choices}

        def send() -> None:
            self._send(field, [word for word, box in boxes.items() if box.isChecked()])

        def put(value: object) -> None:
            for word, box in boxes.items():
                box.setChecked(isinstance(value, list) and word in value)

        for word, box in boxes.items():
            box.setAccessibleName(f"{field.label}: {choice_name(word)}")
            box.clicked.connect(send)
            row.addWidget(box)
        row.addStretch(1)
        holder = QWidget()
        column = QVBoxLayout(holder)  # below the boxes: beside them a small screen has no room for it
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(text_label(field.help))
        self._put[field.setting.key] = put
        return holder

    def _text(self, field: Field) -> QWidget:
        edit = QLineEdit()
        edit.setAccessibleName(field.label)
        edit.setPlaceholderText(field.help)

        def put(value: object) -> None:
            if not edit.isModified():
                edit.setText(shown(field, value))
                edit.setCursorPosition(0)

        def send() -> None:
            if not edit.isModified() or not self._can:  # what was typed when the agent went stays, and is not sent
                return
            edit.setModified(False)
            try:
                self._send(field, from_text(field.setting, edit.text()))
            except ValueError as error:
                self._tell(str(error))

        self._put[field.setting.key] = put
        edit.editingFinished.connect(send)
        return edit

    def _send(self, field: Field, value: object) -> None:
        channel = self._host.ask("configure", {"key": field.setting.key, "value": value}, self)
        channel.ended.connect(lambda _end: self._sent(field))
        channel.failed.connect(self._failed)

    def _sent(self, field: Field) -> None:
        self._tell("" if field.setting.live else t("{label}: taken when the agent starts anew.", label=field.label))
        self.opened()

    def _fetched(self, end: dict[str, Any]) -> None:
        self._asked = None
        values = end.get("values")
        self._values = values if isinstance(values, dict) else {}
        for key, put in self._put.items():
            put(given(self._values, self._fields[key].setting))
        if self._told.text().startswith(t("The agent has to run")):
            self._tell("")

    def _failed(self, _code: str, message: str, remedy: str) -> None:
        self._asked = None
        self._tell(sentences(*(safe_line(part) for part in (message, remedy))))
        for key, put in self._put.items():
            put(given(self._values, self._fields[key].setting))

    def _tell(self, text: str) -> None:
        self._told.setText(text)
        self._told.setVisible(bool(text))

    def _install(self) -> None:
        if self._linking is not None:
            return
        self.install.setEnabled(False)
        self._linking = self._host.command("install-cli")
        self._linking.done.connect(self._installed)
        self._linking.failed.connect(self._installed)
        self._linking.start()

    def _installed(self, said: str) -> None:
        self._linking = None
        self.install.setEnabled(True)
        self._linked.setText("\n".join(safe_line(line) for line in said.strip().splitlines()))
