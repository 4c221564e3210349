"""The vault in a real Secret Service: values in the keyring, the key of the sealed ones too, locked said as locked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amika_agent.clock import SystemClock
from amika_agent.stores import keyring_process
from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.vault import KEYRING, MAX_VALUE, SEALED, Vault
from amika_local.secret import Secret

NEEDED = ("dbus-daemon", "gnome-keyring-daemon")
pytestmark = [
    pytest.mark.desktop,
    pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}"),
]
TOKEN = "ghp_fakefakefakefake0123"


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[str]:
    """A session bus of this test's own."""
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    address = daemon.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    yield address
    daemon.terminate()
    daemon.communicate()


def keyring_daemon(password: bytes) -> subprocess.Popen[bytes]:
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert daemon.stdin is not None
    daemon.stdin.write(password)
    daemon.stdin.close()
    return daemon


@pytest.fixture
def keyring(bus: str, until) -> Iterator[subprocess.Popen[bytes]]:
    daemon = keyring_daemon(b"a password")
    until(_owned, "the Secret Service")
    yield daemon
    daemon.terminate()
    daemon.wait()


def _owned() -> bool:
    from jeepney import message_bus
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection() as connection:
        return bool(connection.send_and_get_reply(message_bus.NameHasOwner("org.freedesktop.secrets")).body[0])


def amika(*words: str, stdin: bytes = b"") -> str:
    command = [sys.executable, "-m", "amika_cli.main", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def test_values_lie_in_the_keyring_and_in_no_file(keyring: object, home: Path) -> None:
    assert "os-keychain" in amika("vault", "put", "GITHUB_TOKEN", stdin=TOKEN.encode())
    amika("vault", "put", "BYTES", stdin=bytes(range(256)))
    assert "ghp_…0123" in amika("vault", "get", "GITHUB_TOKEN")
    held = [path for path in home.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert held == []
    data = os.path.join(home, ".local", "share", "amika-desktop", "default", "vault.json")
    vault = Vault(data, "default", SystemClock())
    assert vault.get("BYTES").reveal().encode("utf-8", "surrogateescape") == bytes(range(256))
    assert {entry.source for entry in vault.list()} == {KEYRING}
    amika("vault", "delete", "GITHUB_TOKEN", "--yes")
    assert keyring_process.get("amika-desktop vault", "default/workspace/GITHUB_TOKEN") is None
    assert [entry.key for entry in vault.list()] == ["BYTES"]


def test_the_largest_value_comes_back(keyring: object, tmp_path: Path) -> None:
    vault = Vault(str(tmp_path / "vault.json"), "default", SystemClock())
    assert vault.put("LARGE", Secret("v" * MAX_VALUE)) in (KEYRING, SEALED)
    assert vault.get("LARGE") == Secret("v" * MAX_VALUE)


def test_a_keyring_that_is_locked_later_is_said_and_nothing_is_stored_elsewhere(
    keyring: subprocess.Popen[bytes], tmp_path: Path, until
) -> None:
    vault = Vault(str(tmp_path / "vault.json"), "default", SystemClock())
    vault.put("A", Secret("value"))
    before = (tmp_path / "vault.json").read_bytes()
    keyring.terminate()
    keyring.wait()
    until(lambda: not _owned(), "the end of the Secret Service")
    locked = keyring_daemon(b"not the password")
    try:
        until(_owned, "the locked Secret Service")
        for work in (lambda: vault.get("A"), lambda: vault.put("B", Secret("value"))):
            with pytest.raises(KeyringProblem) as caught:
                work()
            assert "session_store" not in caught.value.remedy
        assert (tmp_path / "vault.json").read_bytes() == before
    finally:
        locked.terminate()
        locked.wait()
