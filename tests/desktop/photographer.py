"""Takes pictures of the real tray on a desktop of its own, and notes what each of them shows."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage
from tests.desktop.hosts import PANEL_HEIGHT
from tests.desktop.pixels import Box, crop, look, open_menu, wait_until_still
from tests.desktop.portal import DARK, Portal
from tests.desktop.screen import SIZE, Desktop, wait
from tests.fakes.agent_server import FakeAgent

from amika_shared.profile import resolve

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 9, 15, 10, 30, tzinfo=UTC).timestamp()
# `amika doctor` as it is, but for its first line, which names this machine
DOCTOR = """#!/bin/sh
env -i HOME="$HOME" PATH=/usr/bin:/bin {amika} "$@" | sed "1s/.*/amika 0.1.0, Python 3.11.2, Linux 6.1.0 x86_64/"
"""
FILES = {
    ".local/share/opencode/auth.json": '{"groq": {"type": "api", "key": "not-a-real-key-0001"}}',
    ".codex/auth.json": '{"OPENAI_API_KEY": "not-a-real-key-0002"',
    # as after a sign-in to each: what doctor is to mask it knows from here
    ".local/share/amika-desktop/local/amika-state/.session.meta": '{"organizations": {"org_02": "Other Org"}}',
}
LEAST_HEIGHT = 5  # pixels of the letters of a line
MARGIN = 12  # pixels of the desktop around a menu


class Photographer:
    """The tray, the agent it shows, and the camera.

    agent  says what is true
    notes  picture -> what it shows, as texts
    """

    def __init__(self, desktop: Desktop, agent: FakeAgent, into: Path, suffix: str, env: Mapping[str, str]) -> None:
        self.desktop, self.agent = desktop, agent
        self.notes: dict[str, list[str]] = {}
        self._into, self._suffix = into, suffix
        command = [sys.executable, "-m", "tests.desktop.exhibit", str(NOW)]
        self._tray = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            cwd=ROOT,
            text=True,
        )

    @property
    def is_light(self) -> bool:
        """Tell whether the desktop is light."""
        return not self._suffix

    def ask(self, *words: str) -> Any:
        """Have the tray do something, and return what it says."""
        assert self._tray.stdin is not None
        assert self._tray.stdout is not None
        print(json.dumps(words), file=self._tray.stdin, flush=True)
        answer = self._tray.stdout.readline()
        assert answer, f"the tray ended at {words}"
        return json.loads(answer)

    def wait_for(self, title: str, text: str) -> None:
        """Wait until a window shows a text."""
        wait(lambda: any(text in line for line in self.ask("seen", title)), f"“{text}” in {title!r}")

    def take(self, name: str, title: str, text: str = "") -> None:
        """Photograph a window, once it shows a text."""
        self.wait_for(title, text)
        self.desktop.focus(f"^{title}$")
        self._away()
        self.ask("drawn")
        wait_until_still(self.desktop)
        self.desktop.screenshot(f"{name}{self._suffix}", window=f"^{title}$", into=self._into)
        self.notes[f"{name}{self._suffix}"] = self.ask("seen", title)

    def take_menu(self, name: str, *, by_panel: bool) -> None:
        """Photograph the menu: as the panel draws it, or as Qt does."""
        self._away()
        wait_until_still(self.desktop)
        empty = look(self.desktop, "empty")
        if by_panel:
            box = open_menu(self.desktop)
        else:
            self.ask("popup")
            wait(lambda: look(self.desktop) != empty, "the menu")
            box = Box(0, 0, *SIZE)
        lines = self.ask("menu")
        wait(lambda: rows_with_letters(look(self.desktop), box) > LEAST_HEIGHT * len(lines), "the lines of the menu")
        wait_until_still(self.desktop)
        if not by_panel:
            box = changed(self.desktop, empty, bottom=SIZE[1] - PANEL_HEIGHT)  # its icon may change meanwhile
        crop(self.desktop.screenshot(f"{name}{self._suffix}", into=self._into), box, margin=MARGIN)
        self.notes[f"{name}{self._suffix}"] = lines
        self.desktop.press("Escape")

    def close(self) -> None:
        """End the tray; whatever it complained about is an error."""
        with contextlib.suppress(AssertionError, OSError):
            self.ask("quit")
        try:
            _, complaints = self._tray.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._tray.kill()
            _, complaints = self._tray.communicate()
        assert not complaints, complaints

    def _away(self) -> None:
        self.desktop.run("away", ["xdotool", "mousemove", "5", "5"])


@contextlib.contextmanager
def photographer(desktop: Desktop, into: Path, scheme: int) -> Iterator[Photographer]:
    """Have a tray that is as new, on a desktop that is light or dark."""
    with tempfile.TemporaryDirectory(prefix="amika-pic-") as folder:
        home = _home(Path(folder))
        # this process is the camera's alone: nothing of who takes the pictures is seen by what is on them
        os.environ.update(home)
        agent = FakeAgent(resolve(home, local=True), home, now=lambda: NOW).start()
        suffix = "-dark" if scheme == DARK else ""
        with Portal(desktop.env["DBUS_SESSION_BUS_ADDRESS"], scheme):
            found = Photographer(desktop, agent, into, suffix, {**desktop.env_for(home), **home})
            try:
                yield found
            finally:
                found.close()
                agent.stop()


def changed(desktop: Desktop, before: Any, bottom: int = SIZE[1]) -> Box:
    """Return where the screen is another one than it was, above `bottom`."""
    wait(lambda: look(desktop) != before, "a change on the screen")
    after = look(desktop)
    spots = [
        (x, y)
        for x in range(0, after.width(), 2)
        for y in range(0, bottom, 2)
        if before.pixel(x, y) != after.pixel(x, y)
    ]
    left, top = min(x for x, _ in spots), min(y for _, y in spots)
    return Box(left, top, max(x for x, _ in spots) - left, max(y for _, y in spots) - top)


def rows_with_letters(image: QImage, box: Box) -> int:
    """Return how many rows of pixels in a box have something on them."""
    columns = range(box.x + 8, min(image.width(), box.x + box.width - 8), 3)
    rows = range(box.y, min(image.height(), box.y + box.height))
    return sum(len({image.pixel(x, y) for x in columns}) > 1 for y in rows)


def _home(folder: Path) -> dict[str, str]:
    program = shutil.which("amika", path=os.path.dirname(sys.executable))
    assert program, "make setup has not been run"
    doctor = folder / "doctor"
    doctor.write_text(DOCTOR.format(amika=shlex.quote(program)))
    doctor.chmod(0o700)
    (folder / "run").mkdir(mode=0o700)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o600)
    return {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "XDG_DATA_HOME": str(folder / ".local/share"),
        "XDG_STATE_HOME": str(folder / ".local/state"),
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "EXHIBIT_PROGRAM": str(doctor),
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
        "BROWSER": "true",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "QT_SCALE_FACTOR": "1",
    }
