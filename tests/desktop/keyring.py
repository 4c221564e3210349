"""A Secret Service that is unlocked, as after a person's login."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from tests.desktop.hosts import names_on_the_bus
from tests.desktop.screen import Desktop, Program, wait


@contextlib.contextmanager
def unlocked_keyring(desktop: Desktop) -> Iterator[Program]:
    """Have gnome-keyring, its login collection unlocked, on the desktop's session bus."""
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    said = desktop.home / "gnome-keyring.log"
    with said.open("wb") as out:
        process = subprocess.Popen(command, env=desktop.env, stdin=subprocess.PIPE, stdout=out, stderr=out)
    assert process.stdin is not None
    process.stdin.write(b"the password of the login keyring")
    process.stdin.close()
    program = Program("gnome-keyring", process, said)
    desktop.programs.append(program)
    try:
        wait(lambda: "org.freedesktop.secrets" in names_on_the_bus(desktop), "the keyring", program)
        yield program
    finally:
        program.end()
        desktop.programs.remove(program)
