"""The QR code: the right modules, whole pixels, dark on white, and nothing at all when it does not fit."""

from __future__ import annotations

import pytest
import segno
from PySide6.QtWidgets import QApplication

from amika_tray.sign_in.qr import BORDER, qr_picture

PAGE = "https://sign-in.example.com/device?user_code=BCDF-GHJK"


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_every_module_is_where_it_belongs(qt: QApplication, ratio: float) -> None:
    picture = qr_picture(PAGE, 148, ratio)
    assert picture is not None
    rows = [bytes(row) for row in segno.make_qr(PAGE, error="m").matrix_iter(border=BORDER)]
    image = picture.toImage()
    scale = image.width() // len(rows)
    assert (image.width(), image.height()) == (scale * len(rows), scale * len(rows))
    assert image.width() <= 148 * ratio
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            assert (image.pixelColor(x * scale + scale // 2, y * scale + scale // 2).lightness() < 128) is bool(dark)


def test_what_does_not_fit_is_left_out(qt: QApplication) -> None:
    assert qr_picture("x" * 5000, 148) is None
