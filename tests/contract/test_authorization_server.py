"""One contract, three servers: what our sign-in and renewal rely on is what independent servers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.contract.authorization_servers import serving
from tests.process.install_oidc_provider import installed

from amika_agent.accounts.amika import CodeReady, SignedIn, SignInDenied, SignInExpired, sign_in
from amika_agent.accounts.device import GRANT
from amika_agent.http.client import Answer, Http, NoAnswer
from amika_agent.session.keeper import SessionEnded, SessionKeeper
from amika_agent.session.meta import MetaFile
from amika_local.errors import Failed

SERVERS = [
    "fake",
    "local workspace",
    pytest.param(
        "oidc-provider",
        marks=pytest.mark.skipif(
            not installed(), reason="oidc-provider is not installed: python tests/process/install_oidc_provider.py"
        ),
    ),
]


class LosingHttp(Http):
    """Loses the answers to the next `lose` renewals, after the server has executed them."""

    lose = 0

    def request(self, method: str, url: str, **more: Any) -> Answer:
        answer = super().request(method, url, **more)
        if self.lose and (more.get("form") or {}).get("grant_type") == "refresh_token":
            self.lose -= 1
            raise NoAnswer("the answer was lost", sent=True, reason="reset")
        return answer


class Client:
    """Our side, in a directory of its own."""

    def __init__(self, face: Any, folder: str) -> None:
        self.face = face
        self.http = LosingHttp()
        self.folder = folder
        self.keeper = SessionKeeper(folder, face.endpoints, self.http, face.clock, role="cli")
        self.cancel = threading.Event()

    def start(self) -> Iterator[Any]:
        return sign_in(self.face.endpoints, self.http, self.face.clock, cancel=self.cancel, keeper=self.keeper)

    def sign_in(self) -> None:
        for event in self.start():
            if isinstance(event, CodeReady):
                self.face.approve(event)

    def stored(self) -> dict[str, Any]:
        with open(f"{self.folder}/workos-session.json", encoding="utf-8") as file:
            return json.load(file)

    def renew(self) -> None:
        """Renew now: as if the token had been fetched long ago and the API had refused it."""
        notes = MetaFile(self.folder)
        meta = notes.read()
        meta.got_at = 0.0
        notes.write(meta)
        self.keeper.bearer(force=True)

    def exchange(self, token: str) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.face.endpoints.client_id}
        return Http.request(self.http, "POST", self.face.endpoints.token_url, form=form)


@pytest.fixture(scope="module", params=SERVERS)
def face(request, tmp_path_factory):
    with serving(request.param, tmp_path_factory.mktemp("server")) as face:
        yield face


@pytest.fixture
def client(face, tmp_path):
    client = Client(face, str(tmp_path))
    yield client
    client.http.close()


def test_pending_then_approved(client):
    events = client.start()
    ready = next(events)
    assert ready.verification_uri.startswith(client.face.endpoints.workos_url)
    next(events)
    client.face.approve(ready)
    assert isinstance(list(events)[-1], SignedIn)
    session = client.keeper.stored()
    assert session.refresh_token
    assert session.session_id
    assert session.user_id
    assert 0 < session.lifetime() <= 3600


def test_denied(client):
    events = client.start()
    client.face.deny(next(events))
    with pytest.raises(SignInDenied):
        list(events)
    assert client.keeper.stored() is None


def test_a_code_is_good_for_one_session(client, face):
    seen: list[str] = []

    class Listening(LosingHttp):
        def request(self, method: str, url: str, **more: Any) -> Answer:
            form = more.get("form") or {}
            seen.extend([form["device_code"]] if "device_code" in form else [])
            return super().request(method, url, **more)

    client.http = Listening()
    client.sign_in()
    form = {"grant_type": GRANT, "device_code": seen[0], "client_id": face.endpoints.client_id}
    answer = client.http.request("POST", face.endpoints.token_url, form=form)
    assert (answer.status, answer.text("error")) == (400, "invalid_grant")


def test_rotation(client):
    client.sign_in()
    first = client.stored()
    client.renew()
    second = client.stored()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    client.renew()
    assert client.stored()["refresh_token"] != second["refresh_token"]
    for kept in ("user_id", "email"):
        assert client.stored()[kept] == first[kept]


def test_a_spent_token_used_again_ends_the_session(client, face):
    client.sign_in()
    spent = client.stored()["refresh_token"]
    client.renew()
    if face.grace:
        face.pass_time(31)
    answer = client.exchange(spent)
    assert (answer.status, answer.text("error")) == (400, "invalid_grant")
    with pytest.raises(SessionEnded, match="ended elsewhere"):
        client.renew()


def test_a_lost_answer(client, face):
    """With a replay grace nothing is lost; without one the loss is told for what it is."""
    client.sign_in()
    client.http.lose = 2
    if face.grace:
        client.renew()
        client.renew()
        return
    with pytest.raises(SessionEnded, match="answer to its last renewal was lost"):
        client.renew()


def test_a_replay_inside_the_grace_gives_the_same_pair(client, face):
    if not face.grace:
        pytest.skip("this server has no grace")
    client.sign_in()
    spent = client.stored()["refresh_token"]
    one, two = client.exchange(spent), client.exchange(spent)
    assert one.text("refresh_token") == two.text("refresh_token")
    assert one.text("access_token") == two.text("access_token")


def test_sign_out_ends_the_session_at_the_server(client, face):
    if not face.logout:
        pytest.skip("this server has no logout of this form")
    client.sign_in()
    token = client.stored()["refresh_token"]
    assert client.keeper.sign_out().revoked is True
    assert client.exchange(token).text("error") == "invalid_grant"


def test_polling_too_fast_is_answered_with_slow_down(client, face):
    if not face.strict:
        pytest.skip("this server never says so")
    form = {"client_id": face.endpoints.client_id}
    code = client.http.request("POST", face.endpoints.device_url, form=form).text("device_code")
    form = {"grant_type": GRANT, "device_code": code, **form}
    answers = [client.http.request("POST", face.endpoints.token_url, form=form).text("error") for _ in range(2)]
    assert answers == ["authorization_pending", "slow_down"]


def test_an_unknown_token_is_refused(client):
    answer = client.exchange("no-such-token")
    assert (answer.status, answer.text("error")) == (400, "invalid_grant")


def test_an_organization_one_does_not_belong_to(client, face):
    if not face.grace:
        pytest.skip("this server knows no organizations")
    client.sign_in()
    with pytest.raises(Failed, match="organization"):
        client.keeper.switch_organization("org_of_somebody_else")
    client.renew()


@pytest.mark.parametrize("name", SERVERS)
def test_expired(name, tmp_path):
    """The code runs out at the server while nobody decides."""
    with serving(name, tmp_path, code_lifetime=1) as face:
        client = Client(face, str(tmp_path / "state"))
        events = client.start()
        ready = next(events)
        face.pass_time(2.5 if name == "oidc-provider" else max(0.0, ready.expires_at - face.clock.now() - 1))
        with pytest.raises(SignInExpired):
            list(events)
        client.http.close()


@pytest.mark.parametrize("name", ["fake", SERVERS[2]])
def test_an_unknown_client(name, tmp_path):
    with serving(name, tmp_path) as face:
        face.endpoints = replace(face.endpoints, client_id="client_unknown")
        client = Client(face, str(tmp_path / "state"))
        with pytest.raises(Failed, match="client is not known"):
            next(client.start())
        client.http.close()
