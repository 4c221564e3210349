"""Cancelling while the server is silent: at once, whichever request it is silent about, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.agent.accounts.loopback_world import FRONTEND
from tests.fakes.certificate import THIS_MACHINE, self_signed
from tests.fakes.scripted_server import ScriptedServer, scripted_server

from amika_agent.accounts import akos, almyty, sign_in
from amika_agent.accounts.akos_endpoints import akos_place
from amika_agent.accounts.akos_session import AkosKeeper
from amika_agent.accounts.device import SignInCancelled, cancellable
from amika_agent.accounts.loopback import Typed
from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Answer, Http
from amika_agent.session.keeper import SessionKeeper
from amika_local.secret import Secret


class Mute:
    """A server that says something only when it is let go; `asked` is set when the request is there."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()

    def __call__(self, _: dict[str, str]) -> tuple[int, object]:
        self.asked.set()
        self.released.wait(60)
        return 200, {}


@pytest.fixture
def mute() -> Iterator[Mute]:
    found = Mute()
    yield found
    found.released.set()


@pytest.fixture
def server(mute: Mute) -> Iterator[ScriptedServer]:
    with scripted_server() as told:
        yield told
        mute.released.set()  # before the server waits for its threads


class Patient(Http):
    """Waits for every answer for an hour, so that no request ends by itself while a test looks."""

    def request(self, *words: Any, **more: Any) -> Answer:
        return super().request(*words, **{**more, "timeout": 3600.0})


@pytest.fixture
def http() -> Iterator[Http]:
    with Patient() as client:
        yield client


def cancelled(flow: Callable[[threading.Event], object], mute: Mute) -> None:
    """Cancel as soon as the server has the request; the flow ends though the server goes on being silent."""
    cancel = threading.Event()
    ended: list[BaseException] = []

    def run() -> None:
        try:
            flow(cancel)
        except BaseException as error:  # noqa: BLE001 -- looked at below
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert mute.asked.wait(30), "the server was never asked"
    cancel.set()
    thread.join(30)
    ended_by_itself = not thread.is_alive()
    mute.released.set()
    thread.join(30)
    assert ended_by_itself, "it waited for the server"
    assert [type(error) for error in ended] == [SignInCancelled]


CODE = {"device_code": "fake", "user_code": "AAAA-BBBB", "verification_uri": "https://a.example/", "interval": 1}
AMIKA = ("/user_management/authorize/device", "/user_management/authenticate")


@pytest.mark.parametrize("path", AMIKA)
def test_amika(server, mute, http, tmp_path, path):
    server.say[AMIKA[0]] = (200, CODE)
    server.say[path] = mute
    endpoints = resolve_endpoints({}, local_url=server.url)
    keeper = SessionKeeper(str(tmp_path), endpoints, http, SystemClock(), role="cli")
    cancelled(lambda cancel: list(sign_in.sign_in(endpoints, http, SystemClock(), cancel=cancel, keeper=keeper)), mute)
    assert not (tmp_path / "workos-session.json").exists()
    assert '"cancelled"' in (tmp_path / ".sign-in.json").read_text(), "whoever followed it is told"


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/device", "/token"])
def test_akos(server, mute, http, tmp_path, path):
    metadata = {
        "issuer": server.url,
        "device_authorization_endpoint": f"{server.url}/device",
        "token_endpoint": f"{server.url}/token",
    }
    server.say["/.well-known/oauth-authorization-server"] = (200, metadata)
    server.say["/device"] = (200, CODE)
    server.say[path] = mute
    place = akos_place({"AKOS_API_URL": server.url}, {})
    keeper = AkosKeeper(str(tmp_path), http, SystemClock())
    cancelled(lambda cancel: list(akos.sign_in(place, keeper, http, SystemClock(), cancel=cancel)), mute)
    assert not Path(keeper.path).exists()


@pytest.mark.parametrize("path", ["/auth/cli/start", "/auth/cli/exchange"])
def test_almyty_on_any_device(server, mute, http, tmp_path, path):
    server.say["/auth/cli/start"] = (200, {"data": {"code": "AAAA", "deviceCode": "fake", "interval": 1}})
    server.say[path] = mute
    where = almyty.Place(str(tmp_path), server.url, server.url)
    cancelled(lambda cancel: list(almyty.sign_in(where, http, SystemClock(), cancel=cancel, headless=True)), mute)
    assert not (tmp_path / "credentials.json").exists()


@pytest.mark.parametrize("path", ["/auth/profile", "/auth/api-keys"])
def test_almyty_while_what_was_brought_is_checked(server, mute, http, tmp_path, path):
    server.say["/auth/profile"] = (200, {"data": {"id": "u1", "organizations": []}})
    server.say[path] = mute
    where = almyty.Place(str(tmp_path), server.url, FRONTEND)
    reading, writing = os.pipe()
    os.write(writing, b"x")
    typed = Typed(reading, lambda: Secret("almyty_fake_token_of_the_tests") if os.read(reading, 1) else None)
    try:
        cancelled(lambda cancel: list(almyty.sign_in(where, http, SystemClock(), cancel=cancel, typed=typed)), mute)
    finally:
        os.close(reading)
        os.close(writing)
    assert not (tmp_path / "credentials.json").exists()


def test_nothing_is_sent_once_it_is_cancelled(server, http):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(SignInCancelled):
        cancellable(http, cancel).request("GET", f"{server.url}/x")
    assert server.asked == []


def test_the_connection_is_good_for_the_next_request(server, mute, http):
    server.say["/mute"] = mute
    server.say["/x"] = (200, {"a": 1})
    cancelled(lambda cancel: cancellable(http, cancel).request("GET", f"{server.url}/mute"), mute)
    assert http.request("GET", f"{server.url}/x").body == {"a": 1}
    assert cancellable(http, threading.Event()).request("GET", f"{server.url}/x").body == {"a": 1}


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Give the address of a server below HTTP: `serve` has its one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)

        def accept() -> None:
            with suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    serve(peer)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            thread.join()


def test_a_server_that_is_silent_in_the_middle_of_its_handshake(http, mute):
    """TLS that never comes about."""

    def serve(peer: socket.socket) -> None:
        peer.recv(1)
        mute({})

    with listening(serve) as url:
        cancelled(lambda cancel: cancellable(http, cancel).request("GET", url), mute)


def test_a_server_that_is_silent_inside_its_encryption(tmp_path, mute):
    certificate = self_signed(tmp_path, *THIS_MACHINE)

    def serve(peer: socket.socket) -> None:
        with certificate.context.wrap_socket(peer, server_side=True) as safe:
            safe.recv(65536)
            mute({})

    with listening(serve) as url, Patient(ca_file=certificate.ca_file) as http:
        cancelled(lambda cancel: cancellable(http, cancel).request("GET", url), mute)


@pytest.mark.process
@pytest.mark.parametrize("words", [("auth", "login"), ("auth", "login", "akos"), ("auth", "login", "almyty")])
def test_ctrl_c_in_a_terminal(server, mute, words):
    server.otherwise = (404, {})
    for path in (AMIKA[0], "/.well-known/oauth-authorization-server", "/auth/cli/start"):
        server.say[path] = mute
    names = ("AMIKA_API_URL", "AMIKA_WORKOS_URL", "AKOS_API_URL", "ALMYTY_URL", "ALMYTY_FRONTEND_URL")
    with subprocess.Popen(
        [sys.executable, "-m", "amika_cli.main", *words, "--no-browser"],
        env={**os.environ, **dict.fromkeys(names, server.url)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(600):
            if mute.asked.wait(0.1):
                break
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert not mute.released.is_set()
