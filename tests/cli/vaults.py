"""Where the vault of a test keeps its values: a file keyring, or the vault file under a passphrase."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.house.repository import ROOT

PASSPHRASE = "correct horse battery staple"


def with_keyring(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Give this home a keyring; return the file in which it keeps what it is given."""
    ring = home / "ring.json"
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.fakes.file_keyring.Keyring")
    monkeypatch.setenv("FAKE_KEYRING_FILE", str(ring))
    return ring


def with_passphrase(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Give this home a passphrase file instead; return it."""
    path = home / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    monkeypatch.setenv("AMIKA_VAULT_PASSPHRASE_FILE", str(path))
    return path


def vault_file(home: Path) -> Path:
    return home / ".local" / "share" / "amika-desktop" / "default" / "vault.json"
