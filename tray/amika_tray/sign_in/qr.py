"""A QR code as a picture."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

BORDER = 2  # modules; readers want 4 on busy ground, ours is a white sheet


def qr_picture(text: str, side: int, ratio: float = 1.0) -> QPixmap | None:
    """Return the QR code of `text`, at most `side` points wide, or None when it does not fit into one.

    Always dark on white, on a dark desktop too: many readers cannot read the reverse.
    """
    import segno  # noqa: PLC0415 -- it loads 10 MB, and only a sign-in needs it

    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError:
        return None
    rows = [bytes(row) for row in code.matrix_iter(border=BORDER)]
    image = QImage(len(rows[0]), len(rows), QImage.Format.Format_Grayscale8)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            image.setPixel(x, y, 0xFF000000 if dark else 0xFFFFFFFF)
    scale = max(1, int(side * ratio) // len(rows))  # whole pixels a module, else the edges blur
    picture = QPixmap.fromImage(image.scaled(len(rows) * scale, len(rows) * scale, Qt.AspectRatioMode.KeepAspectRatio))
    picture.setDevicePixelRatio(ratio)
    return picture
