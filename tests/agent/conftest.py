"""What most tests of an account and a session need; a folder whose server is another one has a `server` of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.fakes.turned_clock import TurnedClock
from tests.fakes.workos_server import WorkosServer

from amika_agent.http.client import Http


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def server(clock: TurnedClock) -> Iterator[WorkosServer]:
    """WorkOS, whose time is the clock's."""
    with WorkosServer(now=clock.now) as server:
        yield server


@pytest.fixture
def http() -> Iterator[Http]:
    with Http() as http:
        yield http
