"""The session bus that is not there, goes away, or talks nonsense: notices then come from the icon."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from tests.tray.waiting import until

from amika_shared.profile import Profile
from amika_tray.agent_link.link import AgentLink
from amika_tray.agent_link.starter import Starter
from amika_tray.menu.describe import Link
from amika_tray.notices.bus import Bus, session_address
from amika_tray.notices.news import News
from amika_tray.notices.notices import Notice
from amika_tray.notices.notifier import Notifier

NOTICE = Notice("k", "Title", "text", "problems")


def answering(path: Path, answer: bytes) -> threading.Thread:
    """Listen there, read once, answer, and hang up."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(1)

    def serve() -> None:
        with server, server.accept()[0] as peer:
            peer.recv(4096)
            peer.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize(
    "address", ["", "tcp:host=localhost,port=1", "unix:path=/nonexistent/bus", "junk", "unix:path"]
)
def test_without_a_bus_the_icon_tells(qt: QApplication, address: str) -> None:
    told: list[Notice] = []
    notifier = Notifier({"DBUS_SESSION_BUS_ADDRESS": address}, told.append)
    for _ in range(3):
        notifier.show(NOTICE)
    assert told == [NOTICE] * 3
    until(lambda: not notifier.children())  # nothing is left of what could not be reached
    notifier.close()


@pytest.mark.parametrize(
    "answer", [b"", b"REJECTED EXTERNAL\r\n", b"OK 1234\r\n", b"OK 1234\r\n" + b"x" * 64, b"\xff" * 99]
)
def test_a_bus_that_breaks_answers_every_open_call(qt: QApplication, tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "b%us"
    thread = answering(path, answer)
    told: list[Notice] = []
    notifier = Notifier({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={str(path).replace('%', '%25')},guid=1"}, told.append)
    notifier.show(NOTICE)
    until(lambda: told == [NOTICE])
    thread.join()
    notifier.close()


def test_the_address_is_the_one_told_else_systemds() -> None:
    assert session_address({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/x", "XDG_RUNTIME_DIR": "/run/u"}) == "unix:path=/x"
    assert session_address({"XDG_RUNTIME_DIR": "/run/u"}) == "unix:path=/run/u/bus"
    assert session_address({}) == ""
    assert not Bus("").open


def test_news_are_told_once_over_restarts(qt: QApplication, profile: Profile) -> None:
    problem = {"code": "malformed", "source": "x", "path": "/y", "message": "x is damaged", "remedy": ""}
    for expected in (["x is damaged"], []):
        link = AgentLink(profile, os.environ, Starter([""]))
        told: list[str] = []
        news = News(link, profile, lambda notice, told=told: told.append(notice.title), lambda: 1e9, quiet=0.01)
        news.open()
        until(lambda news=news: news._loaded)
        link.link = Link()
        link.snapshot = {**link.snapshot, "state": "problem", "problems": [problem]}
        link.changed.emit()
        until(lambda news=news: news._before is not None)
        assert told == expected
        if expected:
            until(lambda: os.path.exists(os.path.join(profile.state_dir, "told.json")))
        news.close()
        link.close()
