"""A keyring backend for tests: one JSON file; loaded by the helper process through PYTHON_KEYRING_BACKEND.

FAKE_KEYRING_FILE  where it keeps its items
FAKE_KEYRING_MODE  "", "locked", "slow" (never answers), "forgetful" (keeps nothing), "broken", "read-only"
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError, KeyringLocked, PasswordDeleteError


class Keyring(KeyringBackend):
    priority = 1.0

    def __init__(self) -> None:
        self._file = Path(os.environ["FAKE_KEYRING_FILE"])
        self._mode = os.environ.get("FAKE_KEYRING_MODE", "")

    def get_password(self, service: str, username: str) -> str | None:
        return self._items().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if self._mode == "read-only":
            raise KeyringError("read-only")
        items = self._items()
        if self._mode != "forgetful":
            items[f"{service}|{username}"] = password
        self._file.write_text(json.dumps(items))

    def delete_password(self, service: str, username: str) -> None:
        items = self._items()
        if items.pop(f"{service}|{username}", None) is None:
            raise PasswordDeleteError("nothing there")
        self._file.write_text(json.dumps(items))

    def _items(self) -> dict[str, str]:
        if self._mode == "locked":
            raise KeyringLocked("locked")
        if self._mode == "broken":
            raise KeyringError("BODY-MUST-NOT-BE-SHOWN")
        while self._mode == "slow":
            time.sleep(60)
        return json.loads(self._file.read_text()) if self._file.exists() else {}
