"""The questions before a credential is kept pushed, and before that ends; and what is told afterwards."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtWidgets import QCheckBox, QWidget

from amika_shared.snapshot import CredentialLine, RuleLine, Snapshot
from amika_tray.question import Question, Role
from amika_tray.wording import named, provider_name, source_name, t

ROTATING = {"anthropic": "Claude", "openai": "Codex"}
NAME = 60  # characters of a stored secret's name


def can_be_pushed(snapshot: Snapshot, key: str) -> CredentialLine | None:
    """Return the credential with this key when it is in use, not pushed yet, and somebody is signed in to Amika."""
    if not any(account["service"] == "amika" and account["signed_in"] for account in snapshot["accounts"]):
        return None
    found = next((one for one in snapshot["credentials"] if one["id"] == key), None)
    is_new = found is not None and found["used"] and found["sync"]["state"] == "not_pushed" and found["env_name"]
    return found if is_new else None


class PushQuestion(Question):
    """Asks; `words` is then the command of `amika` that does it. Its buttons are named "push" and "cancel"."""

    def __init__(self, credential: CredentialLine, parent: QWidget | None = None) -> None:
        self._id = credential["id"]
        kind = t("login") if credential["kind"] == "oauth" else t("API key")
        whose = t("{provider} {kind} ({source})", provider=provider_name(credential["provider"]), kind=kind,
                  source=source_name(credential["source"]))  # fmt: skip
        told = [t("Your sandboxes get it, nobody else does, and whenever it changes here it is replaced there.")]
        other = ROTATING.get(credential["provider"]) if credential["kind"] == "oauth" else None
        if other is not None:
            told.append(
                t(
                    "This computer and every sandbox then share one login that renews itself with a single-use token: "
                    "when one of them renews it, {other} may sign the other out.",
                    other=other,
                )
            )
        title, text = t("Keep it pushed"), t("Keep the {whose} stored at Amika?", whose=whose)
        super().__init__(title, text, told, [("push", t("Keep it &pushed"), Role.AcceptRole)], parent)
        self.slim: QCheckBox | None = None
        if other is not None:
            self.slim = QCheckBox(t("&Leave out the refresh token: the copy cannot renew itself"))
            self.setCheckBox(self.slim)

    def words(self) -> list[str]:
        """Return the command that was agreed to, without the program."""
        slim = self.slim is not None and self.slim.isChecked()
        return ["sync", "add", self._id, "--yes", "--json", *(["--without-refresh-token"] if slim else [])]


class StopQuestion(Question):
    """Asks; `words` is then the command of `amika` that does it. Its buttons are named "stop" and "cancel"."""

    def __init__(self, rule: RuleLine, parent: QWidget | None = None) -> None:
        self._id = rule["id"]
        told = [
            t(
                "Your credential on this machine stays as it is. The copy stored at Amika stays too, but it is no "
                "longer replaced when the credential changes here."
            )
        ]
        if rule["scope"] == "org":
            told.append(t("Everyone in the organization uses that copy. When it goes, it goes for all of them."))
        text = t("Stop keeping “{name}” in sync?", name=named(rule["name"], NAME) or t("(no name)"))
        super().__init__(t("Stop pushing"), text, told, [("stop", t("&Stop pushing"), Role.AcceptRole)], parent)
        emptied = t("&Empty the stored copy too (this kind cannot be deleted)")
        self.delete = QCheckBox(emptied if rule["provider"] == "generic" else t("&Delete the stored copy too"))
        self.setCheckBox(self.delete)

    def words(self) -> list[str]:
        """Return the command that was agreed to, without the program."""
        return ["sync", "forget", self._id, "--json", *(["--delete"] if self.delete.isChecked() else [])]


def stored_words(printed: str) -> str:
    """Return what became of a credential that is kept pushed from now on, from what the command printed."""
    fields = _fields(printed)
    name = _name(fields)
    if fields.get("action") in ("created", "replaced", "updated", "unchanged", "adopted", "finished"):
        return t("“{name}” is stored. Whenever the credential changes here it is replaced there.", name=name)
    return t("“{name}” is kept in sync from now on. It is not stored yet: that is tried again by itself.", name=name)


def stopped_words(printed: str) -> str:
    """Return what became of a rule that was ended, and of what it had stored, from what the command printed."""
    fields = _fields(printed)
    copy = {
        "deleted": t("The stored copy is deleted."),
        "emptied": t("The stored copy is emptied."),
        "gone": t("There was no stored copy of yours any more."),
    }.get(str(fields.get("stored")), t("The stored copy stays as it is."))
    return t("“{name}” is no longer kept in sync. {copy}", name=_name(fields), copy=copy)


def _fields(printed: str) -> dict[str, Any]:
    try:
        fields = json.loads(printed)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _name(fields: dict[str, Any]) -> str:
    return named(str(fields.get("name") or ""), NAME) or t("(no name)")
