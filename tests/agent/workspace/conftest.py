from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agent.workspace.running import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One real server for a module's tests; each test signs in by itself."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        with RunningServer(tmp_path_factory.mktemp("workspace") / "data") as running:
            yield running


@pytest.fixture
def movable(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of one test, whose clock the test moves."""
    with RunningServer(tmp_path / "data", movable_clock=True) as running:
        yield running
