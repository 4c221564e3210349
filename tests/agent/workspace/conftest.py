from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
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


@pytest.fixture
def chrome(tmp_path: Path) -> Iterator[Chrome]:
    """A browser without a window, with a profile of its own; its log holds what a page's policy held back."""
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,800"):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver") or "chromedriver"))
    driver.implicitly_wait(10)  # an element that a page is still bringing is waited for
    yield driver
    driver.quit()
