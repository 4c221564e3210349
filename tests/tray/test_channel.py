"""One request on one connection: every way it can end, none of which blocks or is told twice."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from tests.fakes.agent_server import FakeAgent, Refused
from tests.tray.waiting import until

from amika_shared.effective import effective
from amika_shared.profile import Profile
from amika_shared.protocol import MAX_FRAME, encode
from amika_tray.agent_link.channel import Channel


class Heard:
    """Everything a channel says."""

    def __init__(
        self, op: str, args: dict[str, object], path: str, patience: tuple[float, float] = (5.0, 150.0)
    ) -> None:
        self.items: list[dict[str, object]] = []
        self.ends: list[dict[str, object]] = []
        self.failures: list[tuple[str, str, str]] = []
        self.channel = Channel(op, args, patience=patience)
        self.channel.item.connect(self.items.append)
        self.channel.ended.connect(self.ends.append)
        self.channel.failed.connect(lambda *failure: self.failures.append(failure))
        self.channel.open(path, {})

    @property
    def outcomes(self) -> int:
        return len(self.ends) + len(self.failures)


class Strange:
    """Serves one connection on `path`: sends its bytes whatever it is asked, reads until the other side closes."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.path = str(path)
        self._answer = answer
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.path)
        self._server.listen(1)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def is_left(self) -> bool:
        """Tell whether the other side is gone: it has read all that it wanted to."""
        return not self._thread.is_alive()

    def close(self) -> None:
        self._thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        peer, _ = self._server.accept()
        with peer:
            peer.settimeout(10)
            with suppress(OSError):
                peer.sendall(self._answer)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass


@pytest.fixture
def strange_server(tmp_path: Path) -> Iterator[Callable[[bytes], Strange]]:
    """Serve one connection with these bytes."""
    started: list[Strange] = []

    def serve(answer: bytes) -> Strange:
        started.append(Strange(tmp_path / "strange.sock", answer))
        return started[-1]

    yield serve
    for server in started:
        server.close()


def test_a_request_is_answered_once(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    heard = Heard("sync", {"dry_run": False}, profile.socket)
    until(lambda: heard.outcomes)
    assert (heard.ends, heard.failures) == ([{"actions": [], "offline": False}], [])
    assert agent.asked == [("sync", {"dry_run": False})]


def test_the_agents_own_error_arrives_as_it_was_said(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    agent.sync_error = Refused("unreachable", "the server cannot be reached", "Check the network.")
    heard = Heard("sync", {}, profile.socket)
    until(lambda: heard.outcomes)
    assert heard.failures == [("unreachable", "the server cannot be reached", "Check the network.")]


def test_a_stream_gives_items_until_it_is_closed(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    heard = Heard("watch", {}, profile.socket)
    until(lambda: heard.items)
    agent.publish(state="offline")
    until(lambda: heard.items[-1]["state"] == "offline")
    heard.channel.close()
    heard.channel.close()
    until(lambda: agent.cancelled == 1)
    assert heard.outcomes == 0


def test_nobody_there_is_told_after_the_call(qt: QApplication, profile: Profile) -> None:
    heard = Heard("sync", {}, profile.socket)
    assert heard.outcomes == 0
    until(lambda: heard.outcomes)
    assert [failure[0] for failure in heard.failures] == ["gone"]


def test_no_path_at_all_is_nobody_there(qt: QApplication) -> None:
    heard = Heard("sync", {}, "")
    until(lambda: heard.outcomes)
    assert [failure[0] for failure in heard.failures] == ["gone"]


def test_an_agent_that_dies_ends_the_request(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    heard = Heard("watch", {}, profile.socket)
    until(lambda: heard.items)
    agent.die()
    until(lambda: heard.outcomes)
    assert [failure[0] for failure in heard.failures] == ["gone"]


def test_an_agent_that_hangs_is_told(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    agent.mute = True
    heard = Heard("sync", {}, profile.socket, (5.0, 0.1))
    until(lambda: heard.outcomes)
    assert heard.failures[0][0] == "silent"
    assert heard.failures[0][2] == "Restart it: amika agent restart"


def test_one_that_does_not_even_say_hello_is_told(qt: QApplication, tmp_path: object) -> None:
    path = os.path.join(str(tmp_path), "mute.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        heard = Heard("sync", {}, path, (0.1, 150.0))
        until(lambda: heard.outcomes)
    assert heard.failures[0][0] == "silent"


def test_heartbeats_are_no_silence(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    heard = Heard("watch", {}, profile.socket, (5.0, 0.5))
    until(lambda: heard.items)
    agent.mute = True
    unanswered = Heard("sync", {}, profile.socket, (5.0, 0.5))  # opened later, and no heartbeat is for it

    def beaten() -> int:
        agent.beat()
        return unanswered.outcomes

    until(beaten)
    assert unanswered.failures[0][0] == "silent"
    assert heard.outcomes == 0
    heard.channel.close()


HELLO = encode({"hello": {"proto": [1, 1]}})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "gone"),
        (HELLO, "gone"),
        (b"GET / HTTP/1.1\r\n\r\n", "protocol"),
        (encode({"item": {}}), "protocol"),
        (encode({"hello": {"proto": [9, 9]}}), "other_version"),
        (encode({"hello": {}}), "other_version"),
        (HELLO + b"{}\n", "protocol"),
        (HELLO + b"\xff\xff\n", "protocol"),
        (HELLO + b"x" * (MAX_FRAME + 70_000), "protocol"),
        (HELLO + encode({"error": "no object"}), ""),
        (HELLO + encode({"later": 1}) + encode({"end": {"ok": True}}), None),
        (HELLO + encode({"end": {"ok": True}}) + encode({"end": {}}) + b"junk\n", None),
    ],
)
def test_whatever_answers_there_is_one_outcome(
    qt: QApplication, strange_server: Callable[[bytes], Strange], answer: bytes, code: str | None
) -> None:
    server = strange_server(answer)
    heard = Heard("sync", {}, server.path)
    until(lambda: heard.outcomes)
    until(lambda: server.is_left)
    qt.processEvents()  # what the connection left behind in the loop
    assert heard.outcomes == 1
    assert [failure[0] for failure in heard.failures] == ([] if code is None else [code])
    assert heard.ends == ([{"ok": True}] if code is None else [])


def test_the_hello_tells_our_paths(qt: QApplication, profile: Profile, agent: FakeAgent) -> None:
    paths = effective(profile, os.environ)
    channel = Channel("sync", {})
    hellos: list[dict[str, object]] = []
    channel.greeted.connect(hellos.append)
    channel.open(profile.socket, paths)
    until(lambda: hellos)
    assert hellos[0]["paths"] == paths
    channel.close()


def test_a_long_socket_path_is_no_obstacle(qt: QApplication, tmp_path: object) -> None:
    folder = os.path.join(str(tmp_path), "d" * 120)
    os.mkdir(folder)
    heard = Heard("sync", {}, os.path.join(folder, "agent.sock"))
    until(lambda: heard.outcomes)
    assert heard.failures[0][0] == "gone"
