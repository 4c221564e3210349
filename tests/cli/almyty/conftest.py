"""The local workspace as "the hosted almyty", and where the login lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.services_world import Workspace


@pytest.fixture
def there(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same, as "the hosted almyty" of this environment."""
    monkeypatch.setenv("ALMYTY_URL", workspace.url)
    monkeypatch.setenv("ALMYTY_FRONTEND_URL", workspace.url)
    return workspace


@pytest.fixture
def stored(home: Path) -> Path:
    return home / ".almyty" / "credentials.json"
