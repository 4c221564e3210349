"""When a menu that a host draws is drawn anew: never while it opens or is open, at once when it has closed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from tests.tray.waiting import until

from amika_tray.icons import app_icon
from amika_tray.menu.describe import Entry
from amika_tray.tray_icon import TrayIcon

OLD, NEW = Entry(text="Renews in 4 min", action="show"), Entry(text="Renews in 3 min", action="show")


@pytest.fixture
def icon(qt: QApplication) -> Iterator[TrayIcon]:
    own = TrayIcon()
    own.set(app_icon(), "", [OLD])
    own._build(exported=True)
    yield own
    own.hide()


def texts(icon: TrayIcon) -> list[str]:
    return [action.text() for action in icon._menu.actions()]


def test_news_at_the_moment_of_opening_wait_until_it_has_closed(icon: TrayIcon) -> None:
    icon.about_to_show.connect(lambda: icon.set(app_icon(), "", [NEW]))
    icon._menu.aboutToShow.emit()
    assert texts(icon) == [OLD.text]
    icon._menu.aboutToHide.emit()
    assert texts(icon) == [OLD.text]  # the click that closed it may still be on its way
    until(lambda: texts(icon) == [NEW.text])


def test_a_host_that_does_not_say_when_it_closed_gets_the_news_when_it_opens_again(icon: TrayIcon) -> None:
    icon._menu.aboutToShow.emit()
    icon.set(app_icon(), "", [NEW])
    assert texts(icon) == [OLD.text]
    icon._menu.aboutToShow.emit()
    assert texts(icon) == [NEW.text]


def test_a_menu_that_is_not_open_follows_at_once(icon: TrayIcon) -> None:
    icon.set(app_icon(), "", [NEW])
    assert texts(icon) == [NEW.text]
