"""The agent's protocol, as every agent has to speak it: the real one in a process, and the fake of the tray's tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from tests.fakes.agent_server import FakeAgent

from amika_agent.clock import SystemClock
from amika_agent.workspace import launch
from amika_shared.client import AgentClient, AgentError, reach
from amika_shared.profile import Profile, resolve
from amika_shared.protocol import MAX_FRAME, PROTO, decode, encode

pytestmark = pytest.mark.process

Until = Callable[..., object]
CLOCK = SystemClock()


class Agent(Protocol):
    """What a test needs beside the socket: the person in front of the approval page."""

    def approve(self, code: str) -> None:
        """Approve the sign-in that shows `code`."""

    def deny(self, code: str) -> None:
        """Deny it."""


class RealAgent:
    """`amika-agent run --local`, and its workspace, in processes of their own."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        command = [sys.executable, "-m", "amika_agent.main", "run", "--local"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def approve(self, code: str) -> None:
        launch.decide(self._profile.workspace_dir, code, True, CLOCK)

    def deny(self, code: str) -> None:
        launch.decide(self._profile.workspace_dir, code, False, CLOCK)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        running = launch.find(self._profile.workspace_dir, CLOCK)
        if running is not None:
            launch.stop(running, CLOCK)


@pytest.fixture
def profile() -> Profile:
    return resolve(os.environ, local=True)


@pytest.fixture
def passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What opens the vault of an agent without a keyring."""
    path = tmp_path / "passphrase"
    path.write_text("correct horse battery staple\n")
    path.chmod(0o600)
    monkeypatch.setenv("AMIKA_VAULT_PASSPHRASE_FILE", str(path))


@pytest.fixture(params=["agent", "fake"])
def agent(request: pytest.FixtureRequest, profile: Profile, until: Until, passphrase: None) -> Iterator[Agent]:
    found: RealAgent | FakeAgent = (
        RealAgent(profile) if request.param == "agent" else FakeAgent(profile, os.environ).start()
    )
    try:
        until(lambda: os.path.exists(profile.agent_record), "agent.json")
        yield found
    finally:
        found.stop()


@pytest.fixture
def client(agent: Agent, profile: Profile) -> Iterator[AgentClient]:
    with another(profile) as found:
        yield found


class Raw:
    """A peer without manners."""

    def __init__(self, path: str) -> None:
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(20)
        self._sock.connect(path)
        self._file = self._sock.makefile("rb")

    def say(self, data: bytes) -> None:
        self._sock.sendall(data)

    def hear(self) -> dict[str, Any]:
        return decode(self._file.readline())

    def heard_the_end(self) -> bool:
        try:
            return self._file.readline() == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._file.close()
        self._sock.close()


@pytest.fixture
def raw(agent: Agent, profile: Profile) -> Iterator[Raw]:
    peer = Raw(profile.socket)
    yield peer
    peer.close()


HELLO = encode({"hello": {"proto": list(PROTO), "build": "test", "features": [], "paths": {}}})


def another(profile: Profile) -> AgentClient:
    reached = reach(profile, timeout=20.0)  # commands give an agent 0.3 s; a busy machine may need more
    assert reached.client is not None, reached.reason
    return reached.client


def still_answers(profile: Profile) -> bool:
    with another(profile) as client:
        return "state" in client.call("status")


def test_both_say_hello_first(raw: Raw) -> None:
    hello = raw.hear()["hello"]
    assert hello["proto"] == list(PROTO)
    assert {"build", "features", "paths", "started"} <= hello.keys()
    assert {"watch", "sign_in", "sign_out", "sync", "stop", "choose_organization", "status"} <= set(hello["features"])
    raw.say(HELLO + encode({"op": "status", "args": {}}))
    assert "state" in raw.hear()["end"]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"nonsense\n", "protocol"),
        (encode({"op": "status"}), "protocol"),
        (encode({"hello": 5}), "protocol"),
        (encode({"hello": {}}), "other_version"),
        (encode({"hello": {"proto": [7, 9]}}), "other_version"),
    ],
)
def test_who_does_not_say_a_proper_hello_is_told_and_dropped(
    raw: Raw, profile: Profile, first: bytes, code: str
) -> None:
    raw.hear()
    raw.say(first)
    assert raw.hear()["error"]["code"] == code
    assert raw.heard_the_end()
    assert still_answers(profile)


@pytest.mark.parametrize(
    "frame",
    [
        b"\n",
        b"nonsense\n",
        b"[]\n",
        b"\xff\xfe\n",
        b'{"v":9,"op":"status"}\n',
        encode({"op": 5}),
        encode({"op": "status", "args": []}),
        encode({}),
    ],
)
def test_a_malformed_frame_is_answered_and_the_next_one_too(raw: Raw, frame: bytes) -> None:
    raw.hear()
    raw.say(HELLO + frame)
    assert raw.hear()["error"]["code"] == "protocol"
    raw.say(encode({"op": "status", "args": {}}))
    assert "state" in raw.hear()["end"]


def test_an_endless_frame_costs_its_sender_the_connection_only(raw: Raw, profile: Profile) -> None:
    raw.hear()
    with contextlib.suppress(OSError):
        raw.say(HELLO + b"x" * (MAX_FRAME + 100_000))
    assert still_answers(profile)


def test_an_unknown_operation_is_told_and_the_connection_serves_on(client: AgentClient) -> None:
    with pytest.raises(AgentError) as told:
        client.call("melt")
    assert told.value.code == "unknown_op"
    assert "state" in client.call("status")


def test_watch_gives_the_whole_snapshot_first_and_then_each_change(client: AgentClient, profile: Profile) -> None:
    watch = client.stream("watch")
    first = next(watch)
    assert first["state"] == "signed_out"
    with another(profile) as other:
        code = next(other.stream("sign_in"))["user_code"]
        changed = next(item for item in watch if item["sign_in"])
    assert changed["sign_in"]["user_code"] == code
    assert changed["generation"] > first["generation"]
    assert next(item for item in watch if item["sign_in"] is None)  # its client has gone: cancelled


def test_a_sign_in_from_code_to_account(client: AgentClient, agent: Agent, profile: Profile) -> None:
    stream = client.stream("sign_in", {"service": "amika"})
    code = next(stream)
    assert code["event"] == "code"
    assert code["verification_uri"].startswith("http")
    assert code["user_code"] in code["verification_uri_complete"]
    assert code["expires_at"] > CLOCK.now()
    agent.approve(code["user_code"])
    items, end = drained(stream)
    assert [item["event"] for item in items if item["event"] != "waiting"] == ["done"]
    assert items[-1]["email"]
    assert end["email"] == items[-1]["email"]
    with another(profile) as other:
        account = other.call("status")["accounts"][0]
    assert (account["signed_in"], account["email"]) == (True, end["email"])


def test_a_denied_sign_in_is_an_error(client: AgentClient, agent: Agent) -> None:
    stream = client.stream("sign_in")
    agent.deny(next(stream)["user_code"])
    with pytest.raises(AgentError) as told:
        drained(stream)
    assert told.value.code == "denied"
    assert told.value.message
    assert client.call("status")["state"] == "signed_out"


def test_choosing_an_organization_that_nobody_offered_is_an_error(client: AgentClient) -> None:
    with pytest.raises(AgentError) as told:
        client.call("choose_organization", {"id": "org_1"})
    assert told.value.code == "conflict"


def test_signing_out_tells_what_it_did_and_is_idempotent(client: AgentClient, agent: Agent) -> None:
    stream = client.stream("sign_in")
    agent.approve(next(stream)["user_code"])
    drained(stream)
    first = client.call("sign_out", {"service": "amika"})
    assert (first["was_signed_in"], first["revoked"]) == (True, True)
    assert isinstance(first["left_remotely"], list)
    assert client.call("sign_out", {"service": "amika"})["was_signed_in"] is False
    assert client.call("status")["state"] == "signed_out"


def test_sync_returns_what_was_done(client: AgentClient) -> None:
    assert client.call("sync")["actions"] == []


def test_a_secret_is_stored_and_listed_without_its_value(client: AgentClient) -> None:
    assert client.call("secret_list") == {"secrets": []}
    stored = client.call("secret_put", {"key": "FAKE_KEY", "value": "fake-value", "scope": "tenant"}, timeout=60.0)
    assert (stored["key"], stored["scope"]) == ("FAKE_KEY", "tenant")
    listed = client.call("secret_list", timeout=60.0)["secrets"]
    assert [(entry["key"], entry["scope"], entry["source"]) for entry in listed] == [
        ("FAKE_KEY", "tenant", stored["source"])
    ]
    assert ("fake-value" in str(listed)) is False
    assert client.call("secret_list", {"scope": "workspace"}, timeout=60.0) == {"secrets": []}


@pytest.mark.parametrize(
    "args", [{"key": "FAKE_KEY"}, {"key": "FAKE_KEY", "value": 5}, {"key": "no name", "value": "v"}]
)
def test_a_secret_that_cannot_be_stored_is_usage(client: AgentClient, args: dict[str, Any]) -> None:
    with pytest.raises(AgentError) as told:
        client.call("secret_put", args)
    assert told.value.code == "usage"
    assert client.call("secret_list", timeout=60.0) == {"secrets": []}


def test_connections_of_a_new_machine(client: AgentClient) -> None:
    assert client.call("connections") == {"connections": []}


def test_stop_is_answered_and_takes_the_record_away(client: AgentClient, profile: Profile, until: Until) -> None:
    assert client.call("stop") == {}
    until(lambda: not os.path.exists(profile.agent_record), "agent.json to go")


def drained(stream: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    items: list[dict[str, Any]] = []
    while True:
        try:
            items.append(next(stream))
        except StopIteration as stop:
            return items, stop.value
