"""The fake's own promises about its faults: what each executes and what the client sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from tests.fakes.secrets_faults import EXECUTED, KINDS
from tests.fakes.secrets_server import FakeSecretsServer

BODY = {"name": "N", "type": "api_key", "value": "not-a-key"}


@pytest.fixture
def fake() -> Iterator[FakeSecretsServer]:
    with FakeSecretsServer() as server:
        yield server


@pytest.fixture
def api(fake: FakeSecretsServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {fake.token}"}
    with httpx.Client(base_url=f"{fake.url}/api/v0beta1", headers=headers, timeout=30) as client:
        yield client


@pytest.mark.parametrize("kind", sorted(KINDS - {"delay", "slow"}))
def test_a_fault_executes_or_not_as_it_says(fake: FakeSecretsServer, api: httpx.Client, kind: str) -> None:
    fake.faults.add(kind, method="POST", path="/secrets/claude", status=503, retry_after=7)
    broken = kind in ("refuse", "reset", "late", "drop", "half")
    try:
        answer = api.post("/secrets/claude", json=BODY)
    except httpx.TransportError:
        assert broken
    else:
        assert not broken
        assert kind not in ("status", "status_after") or (answer.status_code, answer.headers["retry-after"]) == (
            503,
            "7",
        )
        assert kind not in ("garbage", "html", "huge") or answer.status_code == 201
    assert [record["name"] for record in fake.records("claude")] == (["N"] if kind in EXECUTED else [])
    assert [request.fault for request in fake.requests] == [kind]
    if kind == "late":
        assert fake.run_late() == [201]
        assert len(fake.records("claude")) == 1
    assert api.get("/secrets/claude").status_code == 200


@pytest.mark.parametrize("kind", ["delay", "slow"])
def test_a_waiting_answer_comes_when_it_is_released(fake: FakeSecretsServer, api: httpx.Client, kind: str) -> None:
    fake.faults.add(kind)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(api.post("/secrets/claude", json=BODY).status_code))
    thread.start()
    while not fake.requests or (kind == "slow" and not fake.records("claude")):
        threading.Event().wait(0.01)
    assert answers == []
    assert len(fake.records("claude")) == (kind == "slow")
    fake.faults.release()
    thread.join(30)
    assert answers == [201]


def test_faults_strike_the_requests_they_name_as_often_as_they_say(fake: FakeSecretsServer, api: httpx.Client) -> None:
    fake.faults.add("status", method="GET", path="/secrets/codex", skip=1, times=2)
    statuses = [api.get(f"/secrets/{provider}").status_code for provider in ["claude", "codex"] * 4]
    assert statuses == [200, 200, 200, 500, 200, 500, 200, 200]
    fake.faults.add("status", times=-1)
    assert {api.get("/secrets").status_code for _ in range(3)} == {500}
    fake.faults.clear()
    assert api.get("/secrets").status_code == 200


def test_others_at_work_and_the_history_are_seen(fake: FakeSecretsServer, api: httpx.Client) -> None:
    theirs = fake.put("claude", name="Theirs", type="oauth", value="{}")
    assert fake.value_of(theirs) == "{}"
    mine = api.post("/secrets/claude", json=BODY).json()["id"]
    fake.remove(theirs)
    assert fake.history("claude") == [
        [(theirs, "Theirs", "user")],
        [(theirs, "Theirs", "user"), (mine, "N", "user")],
        [(mine, "N", "user")],
    ]


def test_accounts_see_their_own_records_and_a_revoked_token_nothing(fake: FakeSecretsServer, api: httpx.Client) -> None:
    fake.add_account("second-token", "user_2", fake.org_id)
    fake.put("claude", name="Mine", type="oauth", value="{}")
    fake.put("claude", name="Ours", type="oauth", value="{}", scope="org")
    second = api.get("/secrets/claude", headers={"Authorization": "Bearer second-token"}).json()
    assert [record["name"] for record in second] == ["Ours"]
    fake.revoke("second-token")
    assert api.get("/secrets/claude", headers={"Authorization": "Bearer second-token"}).status_code == 401
