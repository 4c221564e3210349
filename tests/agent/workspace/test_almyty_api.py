"""almyty's API of the local workspace: keys, profile, codes, and errors in its shape."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.agent.workspace.running import DEVICE_GRANT, RunningServer, stored_bytes

from amika_agent.workspace import launch
from amika_agent.workspace.almyty_pages import read_link

STATE = "a" * 64


def start(server: RunningServer) -> dict[str, Any]:
    told = {"program": "amika", "machine": "ada-laptop"}
    found: dict[str, Any] = server.http.post("/auth/cli/start", json=told).json()["data"]
    return found


def exchange(server: RunningServer, code: str) -> httpx.Response:
    return server.http.post("/auth/cli/exchange", json={"code": code, "state": STATE})


def key(server: RunningServer) -> str:
    started = start(server)
    launch.decide(str(server.data_dir), started["code"], True)
    return str(exchange(server, started["deviceCode"]).json()["token"])


def api(server: RunningServer, token: str) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def test_a_code_gives_a_key_once_and_after_approval_only(server: RunningServer) -> None:
    started = start(server)
    waiting = exchange(server, started["deviceCode"])
    assert (waiting.status_code, waiting.json()["error"]["code"]) == (400, "authorization_pending")
    assert waiting.json()["error"]["statusCode"] == 400
    launch.decide(str(server.data_dir), started["code"], True)
    token = exchange(server, started["deviceCode"]).json()["token"]
    assert token.startswith("almyty_")
    assert len(token) == 7 + 64
    assert exchange(server, started["deviceCode"]).json()["error"]["code"] == "invalid_grant"
    with api(server, token) as client:
        data = client.get("/auth/profile").json()["data"]
        assert data["email"].endswith("@localhost")
        assert data["currentOrganizationId"] == data["organizations"][0]["id"]
        assert data["organizationMemberships"][0]["organization"]["slug"] == "local-workspace"
        names = [one["name"] for one in client.get("/auth/api-keys").json()["data"]["apiKeys"]]
        assert "amika on ada-laptop" in names
    assert token.encode() not in stored_bytes(server.data_dir)


def test_a_code_of_another_program_gives_no_key(server: RunningServer) -> None:
    other = server.start_sign_in()
    launch.decide(str(server.data_dir), other["user_code"], True)
    assert exchange(server, other["device_code"]).json()["error"]["code"] == "invalid_grant"
    mine = start(server)
    launch.decide(str(server.data_dir), mine["code"], True)
    session = server.authenticate(grant_type=DEVICE_GRANT, device_code=mine["deviceCode"])
    assert session.json()["error"] == "invalid_grant"


def test_keys_are_made_listed_and_deleted(server: RunningServer) -> None:
    with api(server, key(server)) as client:
        made = client.post("/auth/api-keys", json={"name": "second"}).json()["data"]
        assert made["apiKey"].startswith(made["keyData"]["keyPrefix"])
        assert httpx.get(f"{server.url}/auth/profile", headers={"X-API-Key": made["apiKey"]}).status_code == 200
        assert client.delete(f"/auth/api-keys/{made['keyData']['id']}").status_code == 200
        assert httpx.get(f"{server.url}/auth/profile", headers={"X-API-Key": made["apiKey"]}).status_code == 401
        gone = client.delete(f"/auth/api-keys/{made['keyData']['id']}")
        assert (gone.status_code, gone.json()["error"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/auth/profile", {}, 401),
        ("GET", "/auth/profile", {"headers": {"Authorization": "Bearer nothing"}}, 401),
        ("GET", "/auth/profile", {"headers": {"X-API-Key": "nothing"}}, 401),
        ("GET", "/auth/api-keys", {}, 401),
        ("POST", "/auth/api-keys", {"json": {"name": "x"}}, 401),
        ("DELETE", "/auth/api-keys/key_1", {}, 401),
        ("GET", "/auth/nothing", {}, 404),
        ("GET", "/auth/cli/exchange", {}, 405),
        ("POST", "/auth/cli/exchange", {"content": b"{"}, 400),
        ("POST", "/auth/cli/exchange", {"json": {}}, 400),
        ("POST", "/auth/cli/exchange", {"json": {"code": 7}}, 400),
        ("POST", "/auth/cli/exchange", {"json": {"code": "unknown"}}, 400),
        ("POST", "/auth/cli/start", {"content": b"[]"}, 400),
    ],
)
def test_every_refusal_has_almytys_shape(
    server: RunningServer, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answer = server.http.request(method, path, **options)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["statusCode"] == status
    assert error["code"]
    assert error["message"]


@pytest.mark.parametrize("body", [{}, {"name": " "}, {"name": "x" * 256}, {"name": "a\nb"}, {"name": 1}])
def test_a_key_needs_a_name(server: RunningServer, body: dict[str, Any]) -> None:
    with api(server, key(server)) as client:
        assert client.post("/auth/api-keys", json=body).json()["error"]["code"] == "VALIDATION_ERROR"


def test_another_organization_is_refused(server: RunningServer) -> None:
    with api(server, key(server)) as client:
        assert client.get("/auth/profile", headers={"X-Organization-Id": "org_other"}).status_code == 403


def test_a_session_of_amika_is_no_key_and_a_key_no_session(server: RunningServer) -> None:
    session = server.sign_in()
    with api(server, session["access_token"]) as client:
        assert client.get("/auth/profile").status_code == 401
    with server.api({"access_token": key(server)}) as client:
        assert client.get("/secrets").status_code == 401


def test_more_keys_than_anybody_needs_are_refused(movable: RunningServer) -> None:
    with api(movable, key(movable)) as client:
        statuses = {client.post("/auth/api-keys", json={"name": "n"}).status_code for _ in range(199)}
        assert statuses == {201}
        full = client.post("/auth/api-keys", json={"name": "n"})
        assert (full.status_code, full.json()["error"]["code"]) == (409, "TOO_MANY_KEYS")


GOOD = {"callback": "http://127.0.0.1:50000/cb", "success": "http://127.0.0.1:50000/success", "state": STATE}


def test_a_link_leads_back_to_this_machine() -> None:
    link = read_link(GOOD)
    assert link is not None
    assert link.answer(token="a b") == f"http://127.0.0.1:50000/cb#token=a%20b&state={STATE}"
    assert link.answer(code="c") == f"http://127.0.0.1:50000/cb?code=c&state={STATE}"
    assert read_link({**GOOD, "success": ""}) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"callback": "https://evil.example/cb"},
        {"callback": "http://evil.example:50000/cb"},
        {"callback": "http://127.0.0.1:50000@evil.example/cb"},
        {"callback": "http://127.0.0.1.evil.example:50000/cb"},
        {"callback": "http://127.0.0.1:50000/cbxyz"},
        {"callback": "http://127.0.0.1:50000/cb?x"},
        {"callback": "http://127.0.0.1:50000/cb#x"},
        {"callback": "http://127.0.0.1/cb"},
        {"callback": "http://127.0.0.1:80/cb"},
        {"callback": "http://127.0.0.1:99999/cb"},
        {"callback": "http://127.1:50000/cb"},
        {"callback": "javascript:alert(1)"},
        {"callback": ""},
        {"success": "http://127.0.0.1:50001/success"},
        {"success": "https://evil.example/success"},
        {"state": ""},
        {"state": "short"},
        {"state": "<script>alert(1)</script>"},
        {"state": "a" * 300},
    ],
)
def test_a_key_goes_nowhere_else(server: RunningServer, change: dict[str, str]) -> None:
    fields = {**GOOD, **change}
    assert read_link(fields) is None
    answer = server.http.get("/cli-login", params=fields)
    assert answer.status_code == 400
    assert "This link cannot be used" in answer.text
    assert "alert(1)" not in answer.text


def test_a_click_elsewhere_mints_nothing(server: RunningServer) -> None:
    form = {**GOOD, "decision": "approve", "form_token": "0" * 64}
    answer = server.http.post("/cli-login", data=form, headers={"Origin": server.url})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
