"""The question before a credential is kept pushed: what will be stored, for whom, and what sharing a login means."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QCheckBox, QMessageBox, QWidget

from amika_shared.snapshot import CredentialLine, Snapshot
from amika_tray.icons import app_icon
from amika_tray.wording import provider_name, source_name, t

ROTATING = {"anthropic": "Claude", "openai": "Codex"}


def can_be_pushed(snapshot: Snapshot, key: str) -> CredentialLine | None:
    """Return the credential with this key when it is in use, not pushed yet, and somebody is signed in to Amika."""
    if not any(account["service"] == "amika" and account["signed_in"] for account in snapshot["accounts"]):
        return None
    found = next((one for one in snapshot["credentials"] if one["id"] == key), None)
    is_new = found is not None and found["used"] and found["sync"]["state"] == "not_pushed" and found["env_name"]
    return found if is_new else None


class PushQuestion(QMessageBox):
    """Asks; `words` is then the command of `amika` that does it. Its buttons are named "push" and "cancel"."""

    def __init__(self, credential: CredentialLine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._id = credential["id"]
        kind = t("login") if credential["kind"] == "oauth" else t("API key")
        whose = t("{provider} {kind} ({source})", provider=provider_name(credential["provider"]), kind=kind,
                  source=source_name(credential["source"]))  # fmt: skip
        self.setWindowTitle(t("Keep it pushed"))
        self.setWindowIcon(app_icon())
        self.setIcon(QMessageBox.Icon.Question)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(t("Keep the {whose} stored at Amika?", whose=whose))
        told = [t("Your sandboxes get it, nobody else does, and whenever it changes here it is replaced there.")]
        self.slim: QCheckBox | None = None
        other = ROTATING.get(credential["provider"])
        if credential["kind"] == "oauth" and other is not None:
            told.append(
                t(
                    "This computer and every sandbox then share one login that renews itself with a single-use token: "
                    "when one of them renews it, {other} may sign the other out.",
                    other=other,
                )
            )
            self.slim = QCheckBox(t("&Leave out the refresh token: the copy cannot renew itself"))
            self.setCheckBox(self.slim)
        self.setInformativeText("\n\n".join(told))
        push = self.addButton(t("Keep it &pushed"), QMessageBox.ButtonRole.AcceptRole)
        cancel = self.addButton(QMessageBox.StandardButton.Cancel)
        cancel.setText(t("Cancel"))
        for button, name in ((push, "push"), (cancel, "cancel")):
            button.setObjectName(name)
            button.setIcon(QIcon())
        self.setDefaultButton(push)
        self.setEscapeButton(cancel)

    def words(self) -> list[str]:
        """Return the command that was agreed to, without the program."""
        slim = self.slim is not None and self.slim.isChecked()
        return ["sync", "add", self._id, "--yes", *(["--without-refresh-token"] if slim else [])]
