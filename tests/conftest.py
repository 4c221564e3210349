"""What holds for every test: a home of its own, loopback only, nothing left behind, no warning in a log."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from tests import guards

# Qt decides on its platform at import; without a display it would abort the whole run.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A screen or a bus of the person who runs the tests is not theirs to use; desktop tests start their own.
for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "SSH_CONNECTION"):
    os.environ.pop(name, None)
# Nor may what this shell asks of Python decide how the programs under test behave (buffering, warnings, hashes).
for name in list(os.environ):
    if name.startswith("PYTHON") and name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name)
guards.take_signals()
guards.watch_this_process()

# the same examples in every run, and no example fails for being slow; `--hypothesis-profile=explore` looks for new ones
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("same")

FOREIGN_VARIABLES = (
    "AGENTSKIT",
    "AKOS_",
    "ALMYTY_",
    "AMIKA_",
    "AMP_",
    "ANTHROPIC_",
    "CLAUDE_",
    "CODEX_",
    "OPENAI_",
    "XDG_",
)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that start desktops and processes one worker: side by side they would only slow each other."""
    for item in items:
        if item.get_closest_marker("desktop") or item.get_closest_marker("process"):
            item.add_marker(pytest.mark.xdist_group("serial"))


@pytest.fixture(scope="session", autouse=True)
def no_process_outlives_the_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set up before every other fixture, hence torn down after them: what still runs now, nobody stops."""
    before = guards.children()
    yield

    def left() -> dict[int, str]:
        found = {**guards.children(), **guards.processes_below(tmp_path_factory.getbasetemp())}
        return {pid: command for pid, command in found.items() if pid not in before}

    if remaining := guards.wait_until_gone(left, 5):
        pytest.fail(f"processes left behind at the end: {remaining}")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home; every variable that could lead to the real one, or away from this machine, is set or gone."""
    root = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(FOREIGN_VARIABLES) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(root))
    for name, folder in {
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
    }.items():
        monkeypatch.setenv(name, str(root / folder))
    runtime = root / ".run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("BROWSER", "true")
    # no test meets the real keyring: without this the OS keyring would be looked for on the session bus
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)  # a test's terminal is as wide as the test says
    return root


@pytest.fixture(autouse=True)
def no_leaked_process(home: Path) -> Iterator[None]:
    """Fail a test whose programs still run afterwards; a detached agent or workspace is found by its HOME."""
    started = guards.starts()
    yield
    if guards.starts() == started:
        return
    if remaining := guards.wait_until_gone(lambda: guards.processes_below(home), 5):
        pytest.fail(f"processes left behind: {remaining}")


@pytest.fixture(autouse=True)
def no_leaked_thread() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + 3
    left: list[threading.Thread] = []
    while time.monotonic() < end:
        left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
        if not left:
            return
        time.sleep(0.02)
    pytest.fail(f"threads left behind: {[t.name for t in left]}")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def no_log_warning(request: pytest.FixtureRequest) -> Iterator[None]:
    """Any warning in a log fails the test, unless it is marked `logs_warning` because that is what it is about."""
    collector = _Collector()
    logging.getLogger().addHandler(collector)
    yield
    logging.getLogger().removeHandler(collector)
    if collector.records and request.node.get_closest_marker("logs_warning") is None:
        pytest.fail("warnings logged: " + "; ".join(record.getMessage() for record in collector.records))


@pytest.fixture
def until() -> Callable[..., object]:
    """Wait for a condition: `until(lambda: path.exists(), "the file")`; returns its first true value.

    The deadline is generous on purpose: it ends a broken test, it does not measure a working one.
    """

    def wait(condition: Callable[[], object], what: str = "the condition", seconds: float = 20.0) -> object:
        end = time.monotonic() + seconds
        while True:
            if value := condition():
                return value
            if time.monotonic() > end:
                pytest.fail(f"{what}: not seen within {seconds:g} s")
            time.sleep(0.02)

    return wait
