"""What holds for every test: a home of its own, loopback only, no leaked thread, no warning in a log."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path

import pytest

# Qt decides on its platform at import; without a display it would abort the whole run.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

REAL_HOME = os.path.expanduser("~")
LOOPBACK = ("127.", "::1", "localhost")
FOREIGN_VARIABLES = (
    "AMIKA_",
    "ALMYTY_",
    "AKOS_",
    "AGENTSKIT",
    "ANTHROPIC_",
    "CLAUDE_",
    "CODEX_",
    "OPENAI_",
    "AMP_",
)


def _refuse_foreign_network(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and len(args) > 1 and isinstance(args[1], tuple):
        host = str(args[1][0])
        if not host.startswith(LOOPBACK):
            raise RuntimeError(f"a test tried to reach {host}: loopback only")


sys.addaudithook(_refuse_foreign_network)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home; every variable that could lead to the real one is set or gone."""
    root = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith(FOREIGN_VARIABLES):
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
    return root


@pytest.fixture(autouse=True)
def no_leaked_thread() -> object:
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
def no_log_warning(request: pytest.FixtureRequest) -> object:
    """Any warning in a log fails the test, unless it is marked `logs_warning` because that is what it is about."""
    collector = _Collector()
    logging.getLogger().addHandler(collector)
    yield
    logging.getLogger().removeHandler(collector)
    if collector.records and request.node.get_closest_marker("logs_warning") is None:
        pytest.fail("warnings logged: " + "; ".join(record.getMessage() for record in collector.records))
