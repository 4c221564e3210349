"""Seeing and clicking as a person does: where an icon is, which line of a menu is under the pointer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage
from tests.desktop.hosts import ICON
from tests.desktop.screen import Desktop, wait

CLICKS = 5
STEP = 5  # pixels; less than half a line of any menu


@dataclass(frozen=True)
class Box:
    """A rectangle on the screen."""

    x: int
    y: int
    width: int
    height: int


def look(desktop: Desktop, name: str = "look") -> QImage:
    """Return what is on the screen now."""
    path = desktop.home / f"{name}.png"
    desktop.run("look", ["import", "-window", "root", "-silent", str(path)])
    return QImage(str(path))


def icon_shown(desktop: Desktop, empty: QImage) -> bool:
    """Tell whether something is drawn where the tray's icon goes, compared with the picture of an empty tray."""
    x, y = ICON
    now = look(desktop)
    return any(now.pixel(i, j) != empty.pixel(i, j) for i in range(x - 8, x + 8) for j in range(y - 8, y + 8))


def wait_until_still(desktop: Desktop) -> None:
    """Wait until the screen shows the same three times: whatever was on its way has been drawn."""
    seen: list[QImage] = []

    def still() -> bool:
        seen.append(look(desktop))
        time.sleep(0.1)
        return len(seen) >= 3 and seen[-1] == seen[-2] == seen[-3]

    wait(still, "the screen to be still")


def open_menu(desktop: Desktop, *, button: int = 3, clicks: int = CLICKS) -> Box:
    """Open the tray's menu with a real click on the icon and return where it is. clicks: how many it may take."""
    before = _popups(desktop)
    for _ in range(clicks):
        desktop.click(*ICON, button=button)
        # a host may draw an icon before it knows its menu; the click then goes nowhere
        for _ in range(100):
            opened = [box for window, box in _popups(desktop).items() if window not in before]
            if opened:
                return opened[0]
            time.sleep(0.02)
    raise AssertionError("the menu does not open")


def choose(desktop: Desktop, menu: Box, line: int) -> None:
    """Click the `line`-th line that can be chosen, counted from the top, as a person would: by looking for it.

    A line that can be chosen lights up under the pointer; others do not.
    """
    plain = _column(desktop, menu)
    seen, y, bottom = -1, menu.y + 3, menu.y + menu.height - 2
    while y < bottom:
        desktop.run("move", ["xdotool", "mousemove", str(menu.x + menu.width // 2), str(y)])
        time.sleep(0.05)  # the menu draws
        lit = [row for row, (now, was) in enumerate(zip(_column(desktop, menu), plain, strict=True)) if now != was]
        if not lit:
            y += STEP
            continue
        seen += 1
        if seen == line:
            desktop.run("choose", ["xdotool", "click", "1"])
            return
        y = menu.y + max(lit) + 2
    raise AssertionError(f"only {seen + 1} lines of the menu can be chosen")


def crop(picture: Path, box: Box, *, margin: int = 40) -> None:
    """Cut a saved picture of the screen down to a box and a margin around it."""
    image = QImage(str(picture))
    x, y = max(0, box.x - margin), max(0, box.y - margin)
    right, bottom = box.x + box.width + margin, box.y + box.height + margin
    image.copy(x, y, min(image.width(), right) - x, min(image.height(), bottom) - y).save(str(picture))


def _column(desktop: Desktop, menu: Box) -> list[int]:
    image = look(desktop)
    return [image.pixel(menu.x + 3, y) for y in range(menu.y, menu.y + menu.height)]


def _popups(desktop: Desktop) -> dict[str, Box]:
    """Return the windows without a frame or a name that are on top: menus."""
    found = {}
    for window in desktop.says(["xdotool", "search", "--onlyvisible", "--maxdepth", "1", "--name", ""]).split():
        box = _geometry(desktop, window)
        if box is not None and box.height > 40 and box.width < 900:
            found[window] = box
    return found


def _geometry(desktop: Desktop, window: str) -> Box | None:
    said = desktop.says(["xdotool", "getwindowgeometry", "--shell", window])
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if not {"X", "Y", "WIDTH", "HEIGHT"} <= values.keys():
        return None
    return Box(int(values["X"]), int(values["Y"]), int(values["WIDTH"]), int(values["HEIGHT"]))
