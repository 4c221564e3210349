"""The desktop itself: what it promises to the other tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from jeepney import DBusAddress, MessageType, new_method_call
from jeepney.io.blocking import open_dbus_connection
from tests.desktop.hosts import dunst, names_on_the_bus
from tests.desktop.keyring import unlocked_keyring
from tests.desktop.pixels import look
from tests.desktop.screen import GROUND, SIZE, Desktop, wait

pytestmark = pytest.mark.desktop

NOTIFICATIONS = DBusAddress(
    "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "org.freedesktop.Notifications"
)
ROUND_TRIP = """
import keyring
keyring.set_password("amika-test", "name", "not-a-secret")
print(keyring.get_keyring().__class__.__module__, keyring.get_password("amika-test", "name"))
"""


def test_it_has_a_screen_and_nothing_of_the_persons_own(desktop: Desktop) -> None:
    seen = look(desktop)
    assert (seen.width(), seen.height()) == SIZE
    assert f"#{seen.pixel(5, 5) & 0xFFFFFF:06x}" == GROUND
    assert desktop.env["DISPLAY"] != os.environ.get("DISPLAY")
    assert desktop.env["HOME"] != os.path.expanduser("~")


def test_secrets_are_kept_by_an_unlocked_keyring(desktop: Desktop) -> None:
    with unlocked_keyring(desktop):
        done = subprocess.run(
            [sys.executable, "-c", ROUND_TRIP], env=desktop.env, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.stdout == "keyring.backends.SecretService not-a-secret\n", done.stderr[-500:]
    wait(lambda: "org.freedesktop.secrets" not in names_on_the_bus(desktop), "the keyring to end")


def test_notifications_are_seen(desktop: Desktop) -> None:
    before = look(desktop)
    with dunst(desktop):
        with open_dbus_connection(desktop.env["DBUS_SESSION_BUS_ADDRESS"]) as bus:
            body = ("test", 0, "", "Title", "Text", [], {}, 5000)
            reply = bus.send_and_get_reply(new_method_call(NOTIFICATIONS, "Notify", "susssasa{sv}i", body))
        assert reply.header.message_type == MessageType.method_return, reply.body
        wait(lambda: look(desktop) != before, "the notification")


def test_a_display_whose_number_is_somebodys_is_replaced(desktop: Desktop, tmp_path: Path) -> None:
    runtime = Path(tempfile.mkdtemp(prefix="amika-desk-"))  # socket paths are short
    other = Desktop(tmp_path, runtime, os.environ)
    taken, free = int(desktop.env["DISPLAY"].removeprefix(":")), other.numbers[0]
    other.numbers = [taken, free]
    try:
        other.open()
        assert other.env["DISPLAY"] == f":{free}"
        assert [program.name for program in other.programs] == ["dbus-daemon", "Xvfb", "openbox"]
        assert desktop.says(["xdotool", "getmouselocation"])
    finally:
        other.close()
        shutil.rmtree(runtime, ignore_errors=True)
