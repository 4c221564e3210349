"""The desktop that all desktop tests share, and what each of them adds to it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.desktop.hosts import lxqt_panel
from tests.desktop.person import Person
from tests.desktop.screen import Desktop, Program
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram
from tests.fakes.agent_server import FakeAgent

from amika_shared.profile import Profile, resolve


@pytest.fixture(scope="session")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    runtime = Path(tempfile.mkdtemp(prefix="amika-desk-"))  # socket paths are short
    shown = Desktop(tmp_path_factory.mktemp("desktop"), runtime, os.environ)
    try:
        shown.open()
        yield shown
    finally:
        shown.close()
        shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture
def panel(desktop: Desktop) -> Iterator[Program]:
    with lxqt_panel(desktop) as program:
        yield program


@pytest.fixture
def host(desktop: Desktop) -> Iterator[TestHost]:
    with TestHost(desktop.env["DBUS_SESSION_BUS_ADDRESS"]) as own:
        yield own


@pytest.fixture
def profile(home: Path) -> Profile:
    return resolve(os.environ, local=True)


@pytest.fixture
def agent(profile: Profile) -> Iterator[FakeAgent]:
    fake = FakeAgent(profile, os.environ).start()
    yield fake
    fake.stop()


@pytest.fixture
def start_tray(desktop: Desktop, home: Path) -> Iterator[Callable[..., TrayProgram]]:
    """Start a tray on the desktop, in the test's home; at the end of the test it must have nothing to say."""
    started: list[TrayProgram] = []

    def start(*flags: str, agent_command: str = "/bin/true", **more: str) -> TrayProgram:
        env = desktop.env_for(os.environ, **more)
        started.append(TrayProgram(desktop, env, *(flags or ("--local",)), agent_command=agent_command))
        return started[-1]

    yield start
    for tray in started:
        tray.end()


@pytest.fixture
def person(desktop: Desktop, home: Path) -> Iterator[Person]:
    found = Person(desktop, home, resolve(os.environ, local=True))
    yield found
    found.leaves()
