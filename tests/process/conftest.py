from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.fakes.workos_server import WorkosServer


@pytest.fixture
def server() -> Iterator[WorkosServer]:
    """WorkOS in the system's time, which the processes under test go by."""
    with WorkosServer() as server:
        yield server
