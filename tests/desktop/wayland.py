"""A Wayland compositor without a screen: sway, as a person's session, beside the bus of the X11 desktop."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.desktop.screen import GROUND, SIZE, Desktop, Program, wait

NOBODY = 65534
HOUR = 3_600_000  # ms
CONFIG = f"""
output HEADLESS-1 resolution {SIZE[0]}x{SIZE[1]} position 0 0
output HEADLESS-1 background {GROUND} solid_color
default_border normal
for_window [app_id=".*"] floating enable
xwayland disable
"""


class Sway:
    """A running compositor.

    env   what a program of the desktop needs to appear here instead
    """

    def __init__(self, desktop: Desktop, runtime: Path) -> None:
        self._desktop, self._runtime = desktop, runtime
        self.program: Program | None = None
        self.env: dict[str, str] = {}

    def open(self) -> None:
        """Start it."""
        config = self._runtime / "config"
        config.write_text(CONFIG)
        env = {
            **{name: value for name, value in self._desktop.env.items() if name in ("PATH", "LANG", "LC_ALL", "HOME")},
            "XDG_RUNTIME_DIR": str(self._runtime),
            "WLR_BACKENDS": "headless",
            "WLR_RENDERER": "pixman",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "LIBSEAT_BACKEND": "noop",
        }
        command = ["sway", "--config", str(config)]
        if os.geteuid() == 0:  # it refuses to run as root
            os.chown(self._runtime, NOBODY, NOBODY)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        self.program = self._desktop.start("sway", command, env=env)
        wait(lambda: self._sockets("wayland-*[0-9]") and self._sockets("sway-ipc.*"), "the compositor", self.program)
        display, control = self._sockets("wayland-*[0-9]")[0], self._sockets("sway-ipc.*")[0]
        self.env = {"WAYLAND_DISPLAY": display, "SWAYSOCK": control, "QT_QPA_PLATFORM": "wayland", "DISPLAY": ""}
        wait(lambda: self.says("swaymsg", "-t", "get_outputs"), "the compositor's screen", self.program)

    def close(self) -> None:
        """End it."""
        if self.program is not None:
            self.program.end()
            self._desktop.programs.remove(self.program)

    def says(self, *words: str) -> str:
        """Return what a program of this session prints, or "" when it fails."""
        return self._desktop.says(["env", *(f"{name}={value}" for name, value in self.env.items()), *words])

    def titles(self) -> list[str]:
        """Return the titles of the windows that are shown."""
        return [str(node["name"]) for node in _below(json.loads(self.says("swaymsg", "-t", "get_tree")))]

    def focused(self) -> str:
        """Return the title of the window that would have the keyboard, "" for none."""
        tree = json.loads(self.says("swaymsg", "-t", "get_tree"))
        return next((str(node["name"]) for node in _below(tree) if node["focused"]), "")

    def press(self, *keys: str, until: Callable[[], object], what: str) -> None:
        """Press keys ("Return", "alt+m") until they bring what is waited for; who is in front hears them.

        The keyboard is plugged in for them and stays until then: without any no window has the focus.
        """
        env = {**self._desktop.env, **self.env}
        for pause in (400, 1000, 2000, 4000):  # ms; to notice a keyboard and to open a menu takes a while
            words = [word for key in keys for word in ("-s", str(pause), *_typed(key))]
            with self._desktop.running("wtype", ["wtype", *words, "-s", str(HOUR)], env=env):
                seconds = len(keys) * pause / 1000 + 5
                with contextlib.suppress(AssertionError):
                    wait(until, what, seconds=seconds)
                    return
        raise AssertionError(what)

    def pasted(self) -> str:
        """Return the text on the clipboard, "" for none."""
        return self.says("wl-paste", "--no-newline", "--type", "text/plain")

    def offered(self) -> list[str]:
        """Return the kinds in which the clipboard is offered."""
        return self.says("wl-paste", "--list-types").split("\n")[:-1]

    def screenshot(self, path: Path) -> Path:
        """Save what is on its screen."""
        self.says("grim", str(path))
        return path

    def _sockets(self, pattern: str) -> list[str]:
        return sorted(str(path) for path in self._runtime.glob(pattern) if path.is_socket())


def _typed(key: str) -> list[str]:
    *modifiers, last = key.split("+")
    down = [word for modifier in modifiers for word in ("-M", modifier)]
    up = [word for modifier in reversed(modifiers) for word in ("-m", modifier)]
    return [*down, "-k", last, *up]


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the windows of a tree of sway's."""
    if node.get("pid"):
        yield node
    for inner in [*node["nodes"], *node["floating_nodes"]]:
        yield from _below(inner)


@contextlib.contextmanager
def sway(desktop: Desktop) -> Iterator[Sway]:
    """Have a Wayland session for a while."""
    runtime = Path(tempfile.mkdtemp(prefix="amika-way-"))  # socket paths are short
    session = Sway(desktop, runtime)
    try:
        session.open()
        yield session
    finally:
        session.close()
        shutil.rmtree(runtime, ignore_errors=True)
