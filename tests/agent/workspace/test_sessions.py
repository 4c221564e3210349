from __future__ import annotations

import base64
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.agent.workspace.running import CLIENT, RunningServer

DAY = 24 * 3600


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(session: dict[str, Any]) -> dict[str, Any]:
    part = session["access_token"].split(".")[1]
    value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(value, dict)
    return value


def pair(answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 200, answer.json()["error"]
    return answer.json()["access_token"], answer.json()["refresh_token"]


def works(server: RunningServer, access_token: str) -> bool:
    with server.api({"access_token": access_token}) as api:
        return api.get("/secrets").status_code == 200


def test_a_refresh_gives_a_new_pair_of_the_same_session(server: RunningServer) -> None:
    first = server.sign_in()
    second = server.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert claims(second)["sid"] == claims(first)["sid"]
    assert second["user"] == first["user"]
    assert works(server, second["access_token"])


def test_a_replay_within_the_grace_returns_the_same_pair_and_ends_nothing(movable: RunningServer) -> None:
    first = movable.sign_in()["refresh_token"]
    answers = []
    for seconds in (0, 1, 20):
        movable.shift(seconds)
        answers.append(pair(movable.refresh(first)))
    assert len(set(answers)) == 1
    pair(movable.refresh(answers[0][1]))


def test_a_replay_after_the_grace_ends_the_whole_session(movable: RunningServer) -> None:
    first = movable.sign_in()["refresh_token"]
    access, second = pair(movable.refresh(first))
    third = pair(movable.refresh(second))[1]
    bystander = movable.sign_in()
    movable.shift(31)
    reused = movable.refresh(first)
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert "used before" in reused.json()["error_description"]
    assert movable.refresh(third).json()["error"] == "invalid_grant"
    assert not works(movable, access)
    assert works(movable, pair(movable.refresh(bystander["refresh_token"]))[0])


def test_the_grace_survives_a_crash_of_the_server(tmp_path: Path) -> None:
    server = RunningServer(tmp_path / "data")
    first = server.sign_in()["refresh_token"]
    before = pair(server.refresh(first))
    server.end(signal.SIGKILL)
    with RunningServer(tmp_path / "data") as again:
        assert again.url == server.url
        assert pair(again.refresh(first)) == before
        assert works(again, before[0])


def test_fifty_refreshes_at_once_agree_on_one_pair(server: RunningServer) -> None:
    token = server.sign_in()["refresh_token"]
    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(lambda _: pair(server.refresh(token)), range(50)))
    assert len(answers) == 1


def test_a_refresh_may_name_the_organization(server: RunningServer) -> None:
    session = server.sign_in()
    same = server.refresh(session["refresh_token"], organization_id=session["organization_id"]).json()
    assert same["organization_id"] == session["organization_id"]
    foreign = server.refresh(same["refresh_token"], organization_id="org_of_somebody_else")
    assert (foreign.status_code, foreign.json()["error"]) == (400, "organization_not_authorized")
    pair(server.refresh(same["refresh_token"]))  # the refused one was not spent


def test_another_client_cannot_use_the_token_and_does_not_spend_it(server: RunningServer) -> None:
    token = server.sign_in()["refresh_token"]
    body = {"client_id": "another", "grant_type": "refresh_token", "refresh_token": token}
    assert server.http.post("/user_management/authenticate", data=body).json()["error"] == "invalid_client"
    pair(server.refresh(token))


def test_logout_ends_the_session_and_repeating_it_is_harmless(server: RunningServer) -> None:
    session = server.sign_in()
    for _ in range(2):
        answer = server.http.get("/user_management/sessions/logout", params={"session_id": claims(session)["sid"]})
        assert answer.status_code == 200
    assert not works(server, session["access_token"])
    assert server.refresh(session["refresh_token"]).json()["error"] == "invalid_grant"
    unknown = server.http.get("/user_management/sessions/logout", params={"session_id": "session_unknown"})
    assert unknown.status_code == 200
    assert server.http.get("/user_management/sessions/logout").status_code == 400


def test_an_access_token_lives_as_long_as_the_flag_says(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--token-lifetime", "90", movable_clock=True) as server:
        session = server.sign_in()
        assert claims(session)["exp"] - claims(session)["iat"] == 90
        server.shift(60)
        assert works(server, session["access_token"])
        server.shift(91)
        assert not works(server, session["access_token"])
        assert works(server, pair(server.refresh(session["refresh_token"]))[0])


def test_a_refresh_token_that_nobody_used_for_sixty_days_is_over(movable: RunningServer) -> None:
    kept, idle = movable.sign_in()["refresh_token"], movable.sign_in()["refresh_token"]
    movable.shift(59 * DAY)
    kept = pair(movable.refresh(kept))[1]
    movable.shift(61 * DAY)
    assert movable.refresh(idle).json()["error"] == "invalid_grant"
    pair(movable.refresh(kept))


def test_a_clock_that_is_set_back_ends_no_session(movable: RunningServer) -> None:
    first = movable.sign_in()
    movable.shift(-DAY)
    assert works(movable, first["access_token"])
    again = movable.refresh(first["refresh_token"]).json()
    assert works(movable, again["access_token"])


def test_forged_and_mangled_access_tokens_open_nothing(server: RunningServer, tmp_path: Path) -> None:
    session = server.sign_in()
    header, payload, signature = session["access_token"].split(".")
    mine = rsa.generate_private_key(65537, 2048).sign(
        f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    longer = {**claims(session), "exp": claims(session)["exp"] + DAY}
    forged = [
        ".",
        "a.b.c",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{encoded({'alg': 'none'})}.{payload}.",
        f"{encoded({'alg': 'HS256'})}.{payload}.{signature}",
        f"{header}.{encoded(longer)}.{signature}",
        f"{header}.{payload}.{base64.urlsafe_b64encode(mine).rstrip(b'=').decode()}",
        f"{header}.{payload}.{signature}x",
        session["access_token"] + "." + "a" * 9000,
        session["refresh_token"],
    ]
    for token in forged:
        assert not works(server, token)
    with RunningServer(tmp_path / "other") as other:
        assert not works(server, other.sign_in()["access_token"])
    assert works(server, session["access_token"])


@pytest.mark.parametrize("header", ["", "Bearer", "Basic dXNlcjpwYXNz", "bearer\ttoken", "Token x"])
def test_a_request_without_a_usable_bearer_is_unauthorized(server: RunningServer, header: str) -> None:
    answer = server.http.get("/api/v0beta1/secrets", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == answer.json()["error_code"] == "unauthorized"
    assert answer.json()["type"] == "error"
    assert CLIENT not in answer.text
