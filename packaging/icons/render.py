"""Renders the icons: packaging/icons/*.svg -> tray/amika_tray/icons/*.png. Run it after editing a drawing.

The bundle leaves out QtSvg, so the program ships pictures. Drawings are made for light panels; for dark ones their
colours are exchanged by the table below.

    python packaging/icons/render.py [--check]

--check renders into memory and exits 1 when a committed picture shows something else.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "tray", "amika_tray", "icons")
STATES = ("signed_out", "in_sync", "working", "attention", "offline", "paused", "problem")
TRAY_SIZES = (16, 22, 24, 32, 48, 64)
APP_SIZES = (16, 32, 48, 64, 128, 256)
DARK = {
    "#2b2f36": "#f2f4f7",  # ink
    "#1565c0": "#64b5f6",  # working
    "#b45f00": "#ffb74d",  # attention
    "#c62828": "#ff6b61",  # problem
    "#ffffff": "#1b1d21",  # signs inside a badge
}
TOLERANCE = 12  # of 255: another Qt may round an edge differently


def render(svg: str, size: int) -> QImage:
    """Return the drawing as a picture of `size` by `size` pixels."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return image.convertToFormat(QImage.Format.Format_ARGB32)


def pictures() -> dict[str, QImage]:
    """Return every picture by file name."""
    found: dict[str, QImage] = {}
    for state in STATES:
        light = _read(state)
        dark = light
        for here, there in DARK.items():
            dark = dark.replace(here, there)
        for ground, svg in (("on-light", light), ("on-dark", dark)):
            for size in TRAY_SIZES:
                found[f"{state}-{ground}-{size}.png"] = render(svg, size)
    for size in APP_SIZES:
        found[f"app-{size}.png"] = render(_read("app"), size)
    return found


def differs(one: QImage, other: QImage) -> bool:
    """Tell whether two pictures show something different."""
    if one.size() != other.size():
        return True
    a, b = (
        bytes(image.convertToFormat(QImage.Format.Format_RGBA8888_Premultiplied).constBits()) for image in (one, other)
    )
    return any(abs(x - y) > TOLERANCE for x, y in zip(a, b, strict=True))


def main(argv: list[str]) -> int:
    """Render all, or with --check compare all."""
    application = QGuiApplication.instance() or QGuiApplication(["render"])
    found = pictures()
    if argv == ["--check"]:
        stale = [name for name, image in found.items() if differs(image, QImage(os.path.join(TARGET, name)))]
        stale += sorted(set(os.listdir(TARGET)) - set(found))
        sys.stdout.write("".join(f"not up to date: {name}\n" for name in stale))
        return 1 if stale else 0
    os.makedirs(TARGET, exist_ok=True)
    for name, image in found.items():
        image.save(os.path.join(TARGET, name), "PNG")
    del application
    return 0


def _read(name: str) -> str:
    with open(os.path.join(HERE, f"{name}.svg"), encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
