"""The secrets and sandboxes API, as every server of ours has to speak it: the local workspace and the tests' fake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.agent.workspace.running import RunningServer
from tests.fakes.secrets_server import FakeSecretsServer

GENERIC_FIELDS = {"id", "org_id", "user_id", "name", "description", "scope", "created_at", "updated_at"}
OAUTH = json.dumps({"claudeAiOauth": {"accessToken": "not-a-token", "expiresAt": 4102444800000}})
KEY = "sk-ant-not-a-key"


@pytest.fixture(scope="module", params=["local workspace", "fake"])
def url_and_token(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    if request.param == "fake":
        with FakeSecretsServer() as fake:
            yield fake.url, fake.token
    else:
        with RunningServer(tmp_path_factory.mktemp("contract") / "data") as server:
            yield server.url, server.sign_in()["access_token"]


@pytest.fixture
def api(url_and_token: tuple[str, str]) -> Iterator[httpx.Client]:
    """A client; what a test leaves behind is removed as far as the API can."""
    url, token = url_and_token
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api/v0beta1", headers=headers, timeout=30) as client:
        yield client
        for provider in ("claude", "codex"):
            for record in client.get(f"/secrets/{provider}").json():
                client.delete(f"/secrets/{provider}/{record['id']}")


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status
    body = answer.json()
    assert body["type"] == "error"
    assert body["message"]
    return str(body.get("code") or body.get("error_code"))


def credential(**changes: Any) -> dict[str, Any]:
    return {"name": "Claude OAuth", "value": OAUTH, "type": "oauth", "scope": "user", **changes}


def test_a_generic_secret_is_created_listed_and_updated_without_its_value(api: httpx.Client) -> None:
    answer = api.post("/secrets", json={"name": "CONTRACT_A", "value": "first", "scope": "user"})
    assert answer.status_code == 201
    created = answer.json()
    assert set(created) == GENERIC_FIELDS
    assert (created["name"], created["scope"], created["description"]) == ("CONTRACT_A", "user", None)
    assert created["created_at"] == created["updated_at"]
    updated = api.put(f"/secrets/{created['id']}", json={"value": "second"})
    assert updated.status_code == 200
    (listed,) = [s for s in api.get("/secrets").json() if s["id"] == created["id"]]
    assert listed == updated.json()
    assert listed["created_at"] == created["created_at"]
    assert listed["updated_at"] > created["updated_at"]
    assert "second" not in api.get("/secrets").text


def test_a_generic_name_exists_once_per_scope(api: httpx.Client) -> None:
    body = {"name": "CONTRACT_B", "value": "v"}
    assert api.post("/secrets", json={**body, "scope": "user"}).status_code == 201
    assert api.post("/secrets", json={**body, "scope": "org"}).status_code == 201
    for scope in ("user", "org"):
        refused(api.post("/secrets", json={**body, "scope": scope}), 409)
    assert [s["scope"] for s in api.get("/secrets").json() if s["name"] == "CONTRACT_B"] == ["user", "org"]


def test_a_generic_secret_can_be_emptied_but_not_deleted(api: httpx.Client) -> None:
    created = api.post("/secrets", json={"name": "CONTRACT_C", "value": "v", "scope": "user"}).json()
    assert api.put(f"/secrets/{created['id']}", json={"value": ""}).status_code == 200
    refused(api.delete(f"/secrets/{created['id']}"), 405)
    assert any(s["id"] == created["id"] for s in api.get("/secrets").json())


def test_a_credential_is_created_listed_and_deleted(api: httpx.Client) -> None:
    answer = api.post("/secrets/claude", json=credential())
    assert answer.status_code == 201
    created = answer.json()
    assert created == {"id": created["id"], "name": "Claude OAuth", "scope": "user"}
    assert api.get("/secrets/claude").json() == [{**created, "type": "oauth"}]
    assert api.get("/secrets/codex").json() == []
    gone = api.delete(f"/secrets/claude/{created['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get("/secrets/claude").json() == []
    refused(api.delete(f"/secrets/claude/{created['id']}"), 404)


def test_the_scope_of_a_credential_may_be_left_out(api: httpx.Client) -> None:
    body = credential()
    del body["scope"]
    assert api.post("/secrets/claude", json=body).json()["scope"] == "user"


def test_a_credential_s_name_exists_once_for_a_user_and_provider(api: httpx.Client) -> None:
    assert api.post("/secrets/claude", json=credential()).status_code == 201
    refused(api.post("/secrets/claude", json=credential(value=KEY, type="api_key")), 409)
    assert api.post("/secrets/claude", json=credential(name="Other")).status_code == 201
    assert api.post("/secrets/codex", json=credential()).status_code == 201
    assert api.post("/secrets/claude", json=credential(scope="org")).status_code == 201


def test_an_organization_has_one_credential_per_provider_whatever_its_name_and_type(api: httpx.Client) -> None:
    first = api.post("/secrets/claude", json=credential(scope="org")).json()
    refused(api.post("/secrets/claude", json=credential(scope="org", name="B", value=KEY, type="api_key")), 409)
    assert api.post("/secrets/codex", json=credential(scope="org")).status_code == 201
    api.delete(f"/secrets/claude/{first['id']}")
    assert api.post("/secrets/claude", json=credential(scope="org", name="B")).status_code == 201


def test_an_id_is_never_given_twice(api: httpx.Client) -> None:
    seen = set()
    for _ in range(3):
        created = api.post("/secrets/claude", json=credential()).json()["id"]
        assert created not in seen
        seen.add(created)
        api.delete(f"/secrets/claude/{created}")


def test_of_parallel_creates_of_one_name_exactly_one_succeeds(api: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: api.post("/secrets/codex", json=credential()).status_code, range(16)))
    assert sorted(statuses) == [201] + [409] * 15
    assert len(api.get("/secrets/codex").json()) == 1


def test_names_come_back_as_they_were_given(api: httpx.Client) -> None:
    for name in ("a b/c?d=e&f#g", "Ω “quoted” 日本", "../x", "100%"):
        created = api.post("/secrets/claude", json=credential(name=name)).json()
        assert created["name"] == name
        assert api.delete(f"/secrets/claude/{quote(created['id'], safe='')}").status_code == 204


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/secrets", {"value": "v", "scope": "user"}),
        ("/secrets", {"name": "N", "scope": "user"}),
        ("/secrets", {"name": " ", "value": "v"}),
        ("/secrets", {"name": 7, "value": "v"}),
        ("/secrets", {"name": "N", "value": ""}),
        ("/secrets", {"name": "N", "value": ["v"]}),
        ("/secrets", {"name": "N", "value": "v", "scope": "world"}),
        ("/secrets/claude", credential(type="password")),
        ("/secrets/claude", credential(type=None)),
        ("/secrets/claude", credential(value="")),
        ("/secrets/claude", credential(value=" \n")),
        ("/secrets/claude", credential(value=KEY)),
        ("/secrets/claude", credential(value="[]")),
        ("/secrets/claude", credential(value="{")),
        ("/secrets/claude", credential(scope="team")),
        ("/secrets/claude", credential(name="")),
    ],
)
def test_a_wrong_field_is_refused_and_nothing_is_stored(api: httpx.Client, path: str, body: dict[str, Any]) -> None:
    before = api.get(path).json()
    refused(api.post(path, json=body), 400)
    assert api.get(path).json() == before


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"null", b"{" * 3000])
def test_a_body_that_is_no_json_object_is_refused(api: httpx.Client, raw: bytes) -> None:
    created = api.post("/secrets", json={"name": f"CONTRACT_{raw[:9]!r}", "value": "v"}).json()["id"]
    for method, path in (("POST", "/secrets"), ("POST", "/secrets/claude"), ("PUT", f"/secrets/{created}")):
        refused(api.request(method, path, content=raw, headers={"content-type": "application/json"}), 400)


def test_what_is_not_there_is_not_found(api: httpx.Client) -> None:
    refused(api.put("/secrets/unknown", json={"value": "v"}), 404)
    refused(api.delete("/secrets/claude/unknown"), 404)
    created = api.post("/secrets/claude", json=credential()).json()["id"]
    refused(api.delete(f"/secrets/codex/{created}"), 404)
    refused(api.put(f"/secrets/{created}", json={"value": "v"}), 404)


@pytest.mark.parametrize("bearer", ["unknown", "a.b.c"])
def test_without_a_valid_token_everything_is_unauthorized(api: httpx.Client, bearer: str) -> None:
    headers = {"Authorization": f"Bearer {bearer}"}
    for method, path in (
        ("GET", "/secrets"),
        ("POST", "/secrets"),
        ("PUT", "/secrets/x"),
        ("GET", "/secrets/claude"),
        ("POST", "/secrets/claude"),
        ("DELETE", "/secrets/claude/x"),
        ("GET", "/sandboxes"),
        ("POST", "/sandboxes"),
        ("DELETE", "/sandboxes/x"),
    ):
        body = {"json": credential()} if method in ("POST", "PUT") else {}
        assert refused(api.request(method, path, headers=headers, **body), 401) == "unauthorized"


def test_a_sandbox_is_recorded_listed_and_deleted(api: httpx.Client) -> None:
    body = {"name": "review", "repo_url": "https://example.org/a.git", "secret_env_vars": {"DB": "database url"}}
    answer = api.post("/sandboxes", json=body)
    assert answer.status_code == 202
    created = answer.json()
    assert {key: created[key] for key in body} == body
    assert [box["id"] for box in api.get("/sandboxes").json()] == [created["id"]]
    refused(api.post("/sandboxes", json=body), 409)
    assert api.delete("/sandboxes/review").status_code == 200
    assert api.get("/sandboxes").json() == []
    refused(api.delete("/sandboxes/review"), 404)
