"""The pictures of the documentation: all there, all shown, and kept by the command that makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from tests.desktop.screenshots import IMAGES, PICTURES, ROOT, keep

ALL = [f"{picture}.png" for pictures in PICTURES.values() for picture in pictures]


@pytest.mark.parametrize("name", ALL)
def test_every_view_has_its_picture(name: str) -> None:
    picture = QImage(str(IMAGES / name))
    assert picture.width() > 100
    assert picture.height() > 60


def test_the_pages_show_every_picture_and_no_other() -> None:
    shown = set()
    for page in ("docs/tray.md", "README.md"):
        shown |= set(re.findall(r"images/([\w-]+\.png)", (ROOT / page).read_text()))
    assert shown == set(ALL)


def test_the_tests_photograph_what_is_kept() -> None:
    for test, pictures in PICTURES.items():
        source = (ROOT / "tests" / "desktop" / test).read_text()
        for picture in pictures:
            stem = picture.removesuffix("-dark")
            page = stem.removeprefix("window-")
            assert f'"{stem}"' in source or f'"{page}"' in source, picture


def test_keeping_copies_what_was_made(tmp_path: Path) -> None:
    made = tmp_path / "output"
    made.mkdir()
    for picture in PICTURES["test_window.py"]:
        (made / f"{picture}.png").write_bytes(b"a picture")
    names = keep(["test_window.py"], made, tmp_path / "images")
    assert sorted(names) == sorted(path.name for path in (tmp_path / "images").iterdir())
    with pytest.raises(FileNotFoundError):
        keep(["test_end_to_end.py"], made, tmp_path / "images")
