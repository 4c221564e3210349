"""The env cache of one machine, and what is done with it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import ClassVar

import pytest
from tests.fakes.discoveries import discovery

from amika_agent.sync import env_cache


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "cache" / "amika" / "env-cache.json"


@pytest.fixture
def world(machine, path, clock):
    class World:
        places: ClassVar[set] = set()

        def run(self, *credentials, problems=(), **options):
            self.places |= {(c.source, c.path) for c in credentials}
            files = {place: "ok" if os.path.exists(place[1]) else "absent" for place in self.places}
            found = discovery(*credentials, problems=tuple(problems))
            found.files = {**files, **found.files}
            return env_cache.reconcile(str(path), found, machine.db, clock, **options)

        def read(self):
            return json.loads(path.read_bytes())

        def write(self, document):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(document if isinstance(document, str) else json.dumps(document))

        def withdraw(self):
            return env_cache.withdraw(str(path), machine.db, clock)

    return World()
