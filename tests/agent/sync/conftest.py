from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.agent.sync.world import Machine
from tests.fakes.secrets_server import FakeSecretsServer


@pytest.fixture
def server() -> Iterator[FakeSecretsServer]:
    fake = FakeSecretsServer()
    # it writes head and body apart: without this every answer waits 40 ms for a delayed acknowledgement
    fake._http.RequestHandlerClass.disable_nagle_algorithm = True
    with fake as running:
        yield running


@pytest.fixture
def new_machine(server, clock, tmp_path) -> Iterator[Callable[..., Machine]]:
    made = []

    def make(name: str = "laptop", **settings: object) -> Machine:
        machine = Machine(tmp_path / name, server, clock, **settings)
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.close()


@pytest.fixture
def machine(new_machine) -> Machine:
    return new_machine()
