"""The keyring in a file that the session's tests use; whose login the machine says it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amika_local.identity import identity

ROOT = Path(__file__).parents[3]


class Ring:
    """The fake keyring's file and mode."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = file
        self._monkeypatch = monkeypatch

    def mode(self, mode: str) -> None:
        self._monkeypatch.setenv("FAKE_KEYRING_MODE", mode)

    def items(self) -> dict[str, str]:
        return json.loads(self.file.read_text()) if self.file.exists() else {}


def who(world) -> dict:
    return identity({}, str(world.state), world.clock.now())
