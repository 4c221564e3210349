from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.agent.session.ring import ROOT, Ring
from tests.fakes.turned_clock import TurnedClock
from tests.fakes.workos_server import WorkosServer

from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
from amika_agent.session.meta import Meta, MetaFile


class World:
    """One machine, one server, a clock that is turned by hand."""

    def __init__(self, state: Path, server: WorkosServer, http: Http, clock: TurnedClock) -> None:
        self.state = state
        self.server = server
        self.model = server.model
        self.http = http
        self.clock = clock
        self.file = state / "workos-session.json"
        self.next = state / ".session.next"
        self.endpoints = resolve_endpoints({}, local_url=server.url)
        self.cli = self.keeper("cli")
        self.agent = self.keeper("agent")

    def keeper(self, role: str, endpoints: object = None, **more: object) -> SessionKeeper:
        return SessionKeeper(str(self.state), endpoints or self.endpoints, self.http, self.clock, role=role, **more)

    def sign_in(self) -> None:
        self.cli.accept(self.model.open_session())

    def sign_in_by_go(self, **more: object) -> dict:
        """Write the file as the Go CLI does: in place, six fields, nothing else."""
        answer = self.model.open_session()
        return self.write_as_go(answer, **more)

    def write_as_go(self, answer: dict, **more: object) -> dict:
        from amika_agent.session.rules import as_file, merged

        content = as_file(merged(None, answer, self.clock.now())) | more
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.file.write_text(json.dumps(content, indent=2))
        self.file.chmod(0o600)
        return content

    def stored(self) -> dict:
        return json.loads(self.file.read_text())

    @property
    def meta(self) -> Meta:
        return MetaFile(str(self.state)).read()

    def edit_meta(self, **fields: object) -> None:
        meta = self.meta
        for name, value in fields.items():
            assert hasattr(meta, name)
            setattr(meta, name, value)
        MetaFile(str(self.state)).write(meta)

    def left(self) -> float:
        return self.cli.stored().expiry(self.meta.skew) - self.clock.now()

    def files(self) -> set[str]:
        return set(os.listdir(self.state))


@pytest.fixture
def world(tmp_path, server, http, clock):
    return World(tmp_path / "state", server, http, clock)


@pytest.fixture
def ring(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "tests.fakes.file_keyring.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("FAKE_KEYRING_FILE", str(tmp_path / "ring.json"))
    return Ring(tmp_path / "ring.json", monkeypatch)


@pytest.fixture
def keychain(world, ring):
    return world.keeper("cli", store="keychain")
