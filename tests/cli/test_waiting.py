"""A person at a terminal who waits for a server is told so."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest
from tests.fakes.terminal import Terminal

from amika_cli.waiting import when_slow


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that accepts connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("AMIKA_API_URL", f"http://{host}")
        monkeypatch.setenv("AMIKA_API_KEY", "fake")
        yield host


def test_a_mute_server_is_named_and_ctrl_c_stops(mute: str) -> None:
    with Terminal(["secret", "list"], dict(os.environ)) as terminal:
        terminal.expect(f"Waiting for {mute}, which has not answered yet. Ctrl-C stops.")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130


@pytest.mark.usefixtures("mute")
def test_without_a_terminal_the_error_says_it(amika) -> None:
    ran = amika("secret", "list")
    assert (ran.code, "Waiting" in ran.err, "did not answer in time" in ran.err) == (5, False, True)


def test_nothing_is_said_of_what_is_quick_or_without_a_terminal() -> None:
    said: list[str] = []
    with when_slow(lambda: said.append("x"), after=0.0):
        pass  # pytest's stderr is no terminal
    assert said == []
