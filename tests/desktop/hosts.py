"""Tray hosts: a panel that draws StatusNotifierItems, and one that embeds windows (XEmbed)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tests.desktop.screen import SIZE, Desktop, Program, wait

PANEL_HEIGHT = 32
PANEL = f"""panels=panel1
[panel1]
plugins=taskbar,statusnotifier
position=Bottom
desktop=0
panelSize={PANEL_HEIGHT}
iconSize=22
[taskbar]
type=taskbar
[statusnotifier]
type=statusnotifier
alignment=Right
"""
FONT = '"DejaVu Sans,9,-1,5,50,0,0,0,0,0"'
WATCHER = "org.kde.StatusNotifierWatcher"
DUNSTRC = Path("/etc/xdg/dunst/dunstrc")
ICON = (SIZE[0] - 15, SIZE[1] - PANEL_HEIGHT // 2)  # of the only icon, in either host


@contextlib.contextmanager
def lxqt_panel(desktop: Desktop) -> Iterator[Program]:
    """Have lxqt-panel with a StatusNotifierItem tray at its right end."""
    config = desktop.home / ".config" / "lxqt"
    config.mkdir(parents=True, exist_ok=True)
    (config / "panel.conf").write_text(PANEL)
    (config / "lxqt.conf").write_text(f"[General]\ntheme=light\nicon_theme=hicolor\n[Qt]\nfont={FONT}\n")
    with desktop.running("lxqt-panel", ["lxqt-panel"]) as panel:
        wait(lambda: WATCHER in names_on_the_bus(desktop), "the tray host", panel)
        yield panel


@contextlib.contextmanager
def trayer(desktop: Desktop) -> Iterator[Program]:
    """Have trayer, an XEmbed tray, in the lower right corner."""
    command = ["trayer", "--edge", "bottom", "--align", "right", "--widthtype", "request", "--heighttype", "pixel"]
    command += ["--height", str(PANEL_HEIGHT), "--monitor", "primary"]
    with desktop.running("trayer", command) as tray:
        wait(lambda: desktop.says(["xdotool", "search", "--class", "trayer"]), "the tray", tray)
        yield tray


def names_on_the_bus(desktop: Desktop) -> str:
    """Return the names that programs own on the session bus."""
    call = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"]
    return desktop.says([*call, "org.freedesktop.DBus.ListNames"])


@contextlib.contextmanager
def dunst(desktop: Desktop, *, stacked: bool = True) -> Iterator[Program]:
    """Have a notification daemon. stacked: whether what is told twice is shown once, as it does by itself."""
    command = ["dunst"]
    if not stacked:
        own = desktop.home / "dunstrc"
        own.write_text(DUNSTRC.read_text().replace("stack_duplicates = true", "stack_duplicates = false"))
        command += ["-config", str(own)]
    with desktop.running("dunst", command) as daemon:
        wait(lambda: "org.freedesktop.Notifications" in names_on_the_bus(desktop), "the notification daemon", daemon)
        yield daemon
