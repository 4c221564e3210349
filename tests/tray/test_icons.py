"""The pictures are there, are what the drawings say, and tell the states apart."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from amika_shared.snapshot import STATES
from amika_tray.icons import APP_SIZES, FOLDER, TRAY_SIZES, app_icon, state_icon

ROOT = Path(__file__).resolve().parents[2]


def test_every_state_has_its_pictures(qt: QApplication) -> None:
    for state in STATES:
        for on_dark in (False, True):
            sizes = [size.width() for size in state_icon(state, on_dark=on_dark).availableSizes()]
            assert sorted(sizes) == list(TRAY_SIZES)
    assert sorted(size.width() for size in app_icon().availableSizes()) == list(APP_SIZES)


def test_an_unknown_state_is_shown_as_a_problem(qt: QApplication) -> None:
    assert state_icon("melting", on_dark=True).pixmap(16).toImage() == (
        state_icon("problem", on_dark=True).pixmap(16).toImage()
    )


def test_the_menu_bar_of_macos_gets_a_template_of_its_own_colour(qt: QApplication) -> None:
    template = state_icon("in_sync", on_dark=True, template=True)
    assert template.isMask()
    light = state_icon("in_sync", on_dark=False, template=False)
    assert not light.isMask()
    assert template.pixmap(22).toImage() == light.pixmap(22).toImage()


def test_the_pictures_are_what_the_drawings_say() -> None:
    check = subprocess.run(
        [sys.executable, str(ROOT / "packaging/icons/render.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


@pytest.mark.parametrize("size", [16, 22])
@pytest.mark.parametrize("ground", ["on-light", "on-dark"])
def test_states_differ_in_shape_not_only_in_colour(qt: QApplication, ground: str, size: int) -> None:
    shapes = {state: _shape(QImage(f"{FOLDER}/{state}-{ground}-{size}.png")) for state in STATES}
    for one, other in itertools.combinations(STATES, 2):
        differing = sum(a != b for a, b in zip(shapes[one], shapes[other], strict=True))
        assert differing >= 12 * size / 16, (one, other, differing)


@pytest.mark.parametrize(("ground", "panel"), [("on-light", 240), ("on-dark", 36)])
def test_every_icon_stands_out_from_its_panel(qt: QApplication, ground: str, panel: int) -> None:
    for state in STATES:
        image = QImage(f"{FOLDER}/{state}-{ground}-16.png").convertToFormat(QImage.Format.Format_RGBA8888)
        strong = sum(
            abs(pixel.lightness() * pixel.alpha() // 255 + panel * (255 - pixel.alpha()) // 255 - panel) > 90
            for x in range(16)
            for y in range(16)
            for pixel in [image.pixelColor(x, y)]
        )
        assert strong >= 20, (state, strong)


def _shape(image: QImage) -> list[bool]:
    """Where there is ink: halos are faint, so they do not count."""
    return [image.pixelColor(x, y).alpha() > 200 for y in range(image.height()) for x in range(image.width())]
