"""The sealing key in a real Secret Service, in a locked one, in one that never answers, and without any."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agent.workspace.running import RunningServer

from amika_agent.clock import SystemClock
from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_local.secret import Secret

pytestmark = pytest.mark.desktop

CLOCK = SystemClock()

MUTE = """
import time
from jeepney import DBusAddress, message_bus
from jeepney.io.blocking import open_dbus_connection
connection = open_dbus_connection()
connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.secrets"))
print("here", flush=True)
time.sleep(600)
"""


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[str]:
    """A session bus of this test's own."""
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"], stdout=subprocess.PIPE, text=True
    )
    assert daemon.stdout is not None
    address = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.delenv("DISPLAY", raising=False)
    yield address
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


def start_keyring(password: str) -> subprocess.Popen[bytes]:
    daemon = subprocess.Popen(
        ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert daemon.stdin is not None
    daemon.stdin.write(password.encode())
    daemon.stdin.close()
    end = CLOCK.monotonic() + 30
    while CLOCK.monotonic() < end and not owned("org.freedesktop.secrets"):
        CLOCK.sleep(0.02)
    return daemon


def owned(name: str) -> bool:
    from jeepney import message_bus
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection() as connection:
        return bool(connection.send_and_get_reply(message_bus.NameHasOwner(name)).body[0])


@pytest.fixture
def keyring(bus: str) -> Iterator[subprocess.Popen[bytes]]:
    daemon = start_keyring("a password")
    yield daemon
    if daemon.poll() is None:
        daemon.terminate()
        daemon.wait()


def stores(data: Path) -> list[str]:
    database = sqlite3.connect(data / "workspace.db")
    rows = [store for (store,) in database.execute("SELECT store FROM sealing_keys ORDER BY created_at")]
    database.close()
    return rows


def test_with_a_keyring_the_key_is_in_it_and_in_no_file(keyring: object, tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = RunningServer(data)
    assert server.said["note"] == ""
    first = server.sign_in()["refresh_token"]
    renewed = server.refresh(first).json()
    server.end(signal.SIGKILL)
    assert stores(data) == ["keyring"]
    assert not (data / "keys").exists()
    with RunningServer(data) as again:
        assert again.said["note"] == ""
        # the kept answer was sealed with the key in the keyring
        assert again.refresh(first).json()["refresh_token"] == renewed["refresh_token"]
        with again.api(renewed) as api:
            assert api.get("/secrets").status_code == 200
    assert stores(data) == ["keyring"]


def test_a_keyring_that_is_locked_later_is_said_and_does_not_stop_the_server(
    keyring: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with RunningServer(data) as server:
        token = server.sign_in()["refresh_token"]
        with server.api(server.refresh(token).json()) as api:
            api.post("/secrets", json={"name": "EARLIER", "value": "v"})
        token = server.refresh(token).json()["refresh_token"]
    keyring.terminate()
    keyring.wait()
    locked = start_keyring("not the password")
    try:
        with RunningServer(data) as server:
            assert "out of reach" in server.said["note"]
            assert str(data / "keys") in server.said["note"]
            with server.api(server.refresh(token).json()) as api:
                assert [secret["name"] for secret in api.get("/secrets").json()] == ["EARLIER"]
                assert api.post("/secrets", json={"name": "LATER", "value": "v"}).status_code == 201
        assert stores(data) == ["keyring", "file"]
    finally:
        locked.terminate()
        locked.wait()


def test_a_keyring_that_never_answers_is_given_up_after_three_seconds(bus: str, tmp_path: Path) -> None:
    mute = subprocess.Popen([sys.executable, "-c", MUTE], stdout=subprocess.PIPE, text=True)
    try:
        assert mute.stdout is not None
        assert mute.stdout.readline() == "here\n"
        with RunningServer(tmp_path / "data") as server:
            assert "did not answer within 3 seconds" in server.said["note"]
            server.sign_in()
        assert stores(tmp_path / "data") == ["file"]
        assert os.stat(next((tmp_path / "data" / "keys").iterdir())).st_mode & 0o777 == 0o600
    finally:
        mute.kill()
        mute.communicate()


@pytest.mark.parametrize("backend", ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring"])
def test_a_backend_that_keeps_nothing_is_never_used(
    keyring: object, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", backend)
    with pytest.raises(KeyringProblem, match="no keyring"):
        keyring_process.put("service", "account", Secret("value"))


def test_the_keyring_process_keeps_and_returns_what_it_is_given(keyring: object) -> None:
    assert keyring_process.get("amika-test", "nobody") is None
    keyring_process.put("amika-test", "somebody", Secret("välue\n\x01"))
    assert keyring_process.get("amika-test", "somebody") == Secret("välue\n\x01")


def test_without_a_session_bus_no_process_is_started() -> None:
    with pytest.raises(KeyringProblem, match="no keyring in this session"):
        keyring_process.get("service", "account")
