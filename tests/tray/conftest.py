"""One QApplication for all tests without a screen; whatever Qt complains about fails the test."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from tests.fakes.agent_server import FakeAgent
from tests.fakes.amika_program import AmikaProgram
from tests.tray.desk import Desk
from tests.tray.sample import connected, events, machine, plan, vault
from tests.tray.waiting import until

from amika_shared.profile import Profile, resolve
from amika_tray.app import TrayApp
from amika_tray.autostart import at_login


@pytest.fixture(scope="session")
def qt() -> QApplication:
    application = QApplication.instance() or QApplication(["tests"])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    return application


@pytest.fixture(autouse=True)
def garbage_of_this_thread() -> Iterator[None]:
    """Have no thread of a fake take Qt's objects away: when a test is over they go here, in their own thread."""
    gc.disable()
    yield
    gc.collect(0)
    gc.enable()


@pytest.fixture(autouse=True)
def quiet_qt(request: pytest.FixtureRequest) -> Iterator[None]:
    said: list[str] = []
    earlier = qInstallMessageHandler(lambda _kind, _context, message: said.append(message))
    yield
    if QCoreApplication.instance() is not None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
    qInstallMessageHandler(earlier)
    # what the platform without a screen cannot do is no fault of the program
    cannot = ("This plugin does not support", "QObject::connect: No such signal QPlatformNativeInterface")
    assert not [message for message in said if not message.startswith(cannot)]


@pytest.fixture
def profile() -> Profile:
    return resolve(os.environ, local=True)


@pytest.fixture
def agent(profile: Profile) -> Iterator[FakeAgent]:
    fake = FakeAgent(profile, os.environ).start()
    yield fake
    fake.stop()


@pytest.fixture
def amika(tmp_path: Path) -> AmikaProgram:
    return AmikaProgram(tmp_path / "bin")


@pytest.fixture
def app(qt: QApplication, agent: FakeAgent, profile: Profile, amika: AmikaProgram) -> Iterator[TrayApp]:
    """The application beside an agent that knows the sample machine; its commands are run by `amika`."""
    agent.publish(**machine(time.time()))
    own = TrayApp(profile, os.environ, ["true"], flags=["--local"], program=lambda _name: str(amika.path))
    yield own
    own.close()


@pytest.fixture
def desk(qt: QApplication, agent: FakeAgent, profile: Profile) -> Iterator[Desk]:
    now = time.time()
    agent.publish(**machine(now))
    agent.plan, agent.events = plan(), events(now)
    agent.vault, agent.connected = vault(now), connected(now)
    login = at_login(os.environ, "/usr/bin/amika-tray", local=True, platform="linux")
    app = TrayApp(profile, os.environ, ["true"], flags=["--local"], at_login=login)
    app.open()
    until(lambda: app._link.link.state == "connected")
    app.open_window()
    yield Desk(app, agent)
    app.close()
