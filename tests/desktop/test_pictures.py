"""The pictures of the documentation are what the command makes today, view by view; it is run here as a person does.

What a picture shows is compared as texts, exactly: they are the same on every machine. How it looks is compared
coarsely, because letters are not drawn alike everywhere.
"""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from tests.desktop.photographer import ROOT
from tests.desktop.screenshots import IMAGES, NOTES
from tests.desktop.views import VIEWS

pytestmark = [pytest.mark.desktop, pytest.mark.slow, pytest.mark.timeout(1500)]

LIMIT = 1200.0
COARSE = QSize(64, 48)
MEAN, MOST = 4.0, 60  # of 255: of all coarse points, and of the one that differs most
ALIKE = 0.04  # share of a side by which another font may change it
STALE = "the picture is stale: look at it and run `make screenshots`"
# the sign-in's code and time are others each time
EVER_NEW = {"page", "dialog", "dialog-dark"}
# by a panel with a Qt of its own: another Debian's draws them otherwise
PANEL, PANELS_DEBIAN = {"menu", "menu-full"}, "12"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("pictures")
    command = [sys.executable, "-m", "tests.desktop.screenshots", "--into", str(into)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(Path(line).stem for line in done.stdout.splitlines()) == sorted(VIEWS)
    return into


@pytest.mark.parametrize("name", VIEWS)
def test_the_picture_shows_what_the_view_says_today(made: Path, name: str) -> None:
    committed, now = (json.loads((folder / NOTES).read_text()) for folder in (IMAGES, made))
    assert committed[name] == now[name], STALE


@pytest.mark.parametrize("name", VIEWS)
def test_the_picture_looks_as_the_view_does_today(made: Path, name: str) -> None:
    committed, now = (QImage(str(folder / f"{name}.png")) for folder in (IMAGES, made))
    assert not now.isNull()
    if name in PANEL and platform.freedesktop_os_release().get("VERSION_ID") != PANELS_DEBIAN:
        pytest.skip("taken with another Debian's panel")
    for before, after in ((committed.width(), now.width()), (committed.height(), now.height())):
        assert abs(before - after) <= max(4, ALIKE * before), STALE
    if name not in EVER_NEW:
        mean, most = difference(committed, now)
        assert mean <= MEAN, STALE
        assert most <= MOST, STALE


def test_the_comparison_sees_another_colour_and_another_page() -> None:
    light, dark = (QImage(str(IMAGES / f"window-rules{suffix}.png")) for suffix in ("", "-dark"))
    assert difference(light, light) == (0, 0)
    assert difference(light, dark)[0] > MEAN
    assert difference(light, QImage(str(IMAGES / "window-settings.png")))[1] > MOST


def test_every_picture_is_committed_and_shown_and_there_is_no_other() -> None:
    shown = set()
    for page in ("docs/tray.md", "README.md"):
        shown |= set(re.findall(r"images/([\w-]+)\.png", (ROOT / page).read_text()))
    assert shown == set(VIEWS)
    assert {path.stem for path in IMAGES.glob("*.png")} == set(VIEWS)
    assert set(json.loads((IMAGES / NOTES).read_text())) == set(VIEWS)


def test_no_picture_shows_who_took_it() -> None:
    text = (IMAGES / NOTES).read_text()
    assert str(Path.home()) not in text.replace("/home/dev", "")
    assert "/tmp/" not in text


def difference(one: QImage, other: QImage) -> tuple[float, int]:
    """Return the mean and the largest difference of two pictures, seen from far away, of 255."""
    coarse = [
        image.scaled(COARSE, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        for image in (one, other)
    ]
    found = [
        abs(coarse[0].pixelColor(x, y).lightness() - coarse[1].pixelColor(x, y).lightness())
        for x in range(COARSE.width())
        for y in range(COARSE.height())
    ]
    return sum(found) / len(found), max(found)
