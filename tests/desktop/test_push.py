"""A credential is kept pushed, paused and taken back in the window; what is stored is read from the workspace itself.

Everything is real: display, window manager, tray, agent, `amika`, local workspace.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.desktop.person import Person, real_tray
from tests.desktop.pixels import wait_until_still
from tests.desktop.screen import Desktop, wait
from tests.desktop.status_notifier import TestHost
from tests.desktop.tray_program import TrayProgram

pytestmark = [pytest.mark.desktop, pytest.mark.slow]

NO_KEYRING = "keyring.backends.fail.Keyring"
WINDOW, KEEP, STOP = "^Amika$", "^Keep it pushed", "^Stop pushing"


def sign_in(person: Person) -> None:
    """Sign in to the workspace without a browser, which approves by itself, and leave nothing running."""
    amika = shutil.which("amika", path=os.path.dirname(sys.executable))
    assert amika, "make setup has not been run"
    command = [amika, "up", "--local", "--yes", "--once", "--no-tray"]
    env = person.desktop.env_for(os.environ)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def tray(host: TestHost, person: Person) -> Iterator[TrayProgram]:
    sign_in(person)
    started = real_tray(person, NO_KEYRING)
    yield started
    started.end()


def states(person: Person) -> list[str]:
    return [rule["state"] for rule in person.snapshot().get("rules", [])]


def idle(desktop: Desktop, tray: TrayProgram) -> None:
    """Wait until no command of the tray runs, and the window shows what became of the last one."""
    wait(lambda: not Path(f"/proc/{tray.pid}/task/{tray.pid}/children").read_text().strip(), "the command to end")
    desktop.focus(WINDOW)
    wait_until_still(desktop)


def test_a_credential_is_pushed_paused_and_taken_back_in_the_window(
    desktop: Desktop, host: TestHost, person: Person, tray: TrayProgram
) -> None:
    person.signs_in_to_groq("not-a-real-groq-key-0001")
    wait(lambda: [one["id"] for one in person.snapshot().get("credentials", [])] == ["opencode/groq"], "the credential")
    assert person.remote("generic") == []
    assert states(person) == []

    wait(lambda: "Open Amika…" in host.texts(), "the menu", tray.program)
    host.click("Open Amika…")
    idle(desktop, tray)
    desktop.press("alt+k")  # Keep it pushed…
    desktop.focus(KEEP)
    desktop.press("alt+p")  # Keep it pushed
    wait(lambda: [one["name"] for one in person.remote("generic")] == ["GROQ_API_KEY"], "the stored secret")
    wait(lambda: states(person) == ["in_sync"], "the rule")
    assert person.remote("generic")[0]["scope"] == "user"

    idle(desktop, tray)
    desktop.press("ctrl+2")  # Push rules
    wait_until_still(desktop)
    desktop.press("alt+u")  # Pause
    wait(lambda: states(person) == ["paused"], "the pause")
    stored = person.remote("generic")[0]
    person.signs_in_to_groq("not-a-real-groq-key-0002")
    wait(lambda: "groq-key-0002" in person.cached(), "the changed credential")
    wait(lambda: states(person) == ["paused"], "the pause to last")
    assert person.remote("generic") == [stored]
    idle(desktop, tray)
    desktop.press("alt+u")  # Resume
    wait(lambda: states(person) == ["in_sync"], "the end of the pause")
    wait(lambda: person.remote("generic") not in ([], [stored]), "the changed secret")

    idle(desktop, tray)
    desktop.press("alt+s")  # Stop pushing…
    desktop.focus(STOP)
    wait_until_still(desktop)
    desktop.press("alt+e")  # empty the stored copy too
    wait_until_still(desktop)
    desktop.press("Return")
    wait(lambda: person.snapshot()["rules"] == [], "the end of the rule")
    wait(lambda: not desktop.windows(STOP), "the question to go")
    wait(lambda: [one for one in person.activity() if one["what"] == "deleted"], "the emptied secret")
    assert [one["subject"] for one in person.activity() if one["what"] == "deleted"] == ["GROQ_API_KEY (user)"]
    idle(desktop, tray)
