from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.agent.workspace.running import CLIENT, DEVICE_GRANT, RunningServer, stored_bytes

from amika_agent.workspace import launch
from amika_local.errors import Conflict, Failed, NotFound


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def number(part: str) -> int:
    return int.from_bytes(decoded(part))


def test_a_sign_in_is_pending_until_a_person_approves_and_then_gives_a_session(server: RunningServer) -> None:
    started = server.start_sign_in()
    assert set(started) == {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    }
    assert (started["expires_in"], started["interval"]) == (600, 1)
    assert started["verification_uri"] == f"{server.url}/device"
    assert started["verification_uri_complete"].endswith(f"?user_code={started['user_code']}")
    waiting = server.poll(started)
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")

    launch.decide(str(server.data_dir), started["user_code"], True)

    answer = server.poll(started).json()
    assert answer["user"]["email"].endswith("@localhost")
    claims = json.loads(decoded(answer["access_token"].split(".")[1]))
    assert claims["iss"] == server.url
    assert claims["sub"] == answer["user"]["id"]
    assert claims["org_id"] == answer["organization_id"]
    assert answer["organization_name"] == "Local workspace"
    assert claims["exp"] - claims["iat"] == 600
    assert claims["sid"]
    assert claims["jti"]


def test_the_published_key_checks_the_access_token(server: RunningServer) -> None:
    header, payload, signature = server.sign_in()["access_token"].split(".")
    (key,) = server.http.get(f"/sso/jwks/{CLIENT}").json()["keys"]
    assert json.loads(decoded(header)) == {"alg": "RS256", "kid": key["kid"], "typ": "JWT"}
    public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
    public.verify(decoded(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())


def test_json_bodies_are_taken_as_well(server: RunningServer) -> None:
    started = server.http.post("/user_management/authorize/device", json={"client_id": CLIENT}).json()
    body = {"client_id": CLIENT, "grant_type": DEVICE_GRANT, "device_code": started["device_code"], "scope": None}
    assert server.http.post("/user_management/authenticate", json=body).json()["error"] == "authorization_pending"


def test_asking_too_fast_is_slowed_down_for_good(server: RunningServer) -> None:
    started = server.start_sign_in()
    answers = [server.poll(started).json() for _ in range(3)]
    assert [answer["error"] for answer in answers] == ["authorization_pending", "slow_down", "slow_down"]
    assert "6 seconds" in answers[1]["error_description"]
    assert "11 seconds" in answers[2]["error_description"]


def test_whoever_waits_as_told_is_not_slowed_down(movable: RunningServer) -> None:
    started = movable.start_sign_in()
    for waited in (0, 1, 2, 3):
        movable.shift(waited)
        assert movable.poll(started).json()["error"] == "authorization_pending"


def test_a_denied_sign_in_says_so(server: RunningServer) -> None:
    started = server.start_sign_in()
    launch.decide(str(server.data_dir), started["user_code"], False)
    assert server.poll(started).json()["error"] == "access_denied"
    with pytest.raises(Conflict, match="denied already"):
        launch.decide(str(server.data_dir), started["user_code"], True)


@pytest.mark.parametrize("approve_first", [False, True])
def test_a_code_expires_decided_or_not(movable: RunningServer, approve_first: bool) -> None:
    started = movable.start_sign_in()
    if approve_first:
        launch.decide(str(movable.data_dir), started["user_code"], True)
    movable.shift(601)
    assert movable.poll(started).json()["error"] == "expired_token"
    with pytest.raises(Failed, match="expired"):
        launch.decide(str(movable.data_dir), started["user_code"], True)


def test_a_code_is_good_once_and_for_its_client_only(server: RunningServer) -> None:
    started = server.start_sign_in()
    launch.decide(str(server.data_dir), started["user_code"], True)
    launch.decide(str(server.data_dir), started["user_code"], True)  # saying it again changes nothing
    other = {"client_id": "another", "grant_type": DEVICE_GRANT, "device_code": started["device_code"]}
    assert server.http.post("/user_management/authenticate", data=other).json()["error"] == "invalid_grant"
    assert server.poll(started).status_code == 200
    assert server.poll(started).json()["error"] == "invalid_grant"
    with pytest.raises(Conflict, match="used already"):
        launch.decide(str(server.data_dir), started["user_code"], True)


@pytest.mark.parametrize("typed", ["{}", " {} ", "{}\n"])
def test_a_code_is_understood_as_people_type_it(server: RunningServer, typed: str) -> None:
    started = server.start_sign_in()
    sloppy = typed.format(started["user_code"].lower().replace("-", " "))
    launch.decide(str(server.data_dir), sloppy, True)
    assert server.poll(started).status_code == 200


@pytest.mark.parametrize("code", ["", "-", "BBBB-BBBB", "AAAA-1111", "x" * 5000, "../../etc", "\uff22" * 8, "'; --"])
def test_an_unknown_code_is_not_found(server: RunningServer, code: str) -> None:
    with pytest.raises(NotFound):
        launch.decide(str(server.data_dir), code, True)


def test_user_codes_have_no_letter_that_looks_like_another(server: RunningServer) -> None:
    codes = [server.start_sign_in()["user_code"] for _ in range(20)]
    assert len(set(codes)) == 20
    for code in codes:
        assert len(code) == 9
        assert code[4] == "-"
        assert not set(code.replace("-", "")) & set("AEIOUY01258")


def test_too_many_waiting_sign_ins_are_refused_until_some_are_over(movable: RunningServer) -> None:
    for _ in range(200):
        movable.start_sign_in()
    refused = movable.http.post("/user_management/authorize/device", data={"client_id": CLIENT})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    movable.shift(601)
    movable.start_sign_in()


SURROGATE = (
    f'{{"client_id": "{CLIENT}", "grant_type": "refresh_token", "refresh_token": "{chr(92)}ud800"}}'  # half a character
)
BAD: list[tuple[dict[str, Any], str]] = [
    ({"data": {}}, "invalid_client"),
    ({"data": {"client_id": " "}}, "invalid_client"),
    ({"data": {"client_id": "c\x00"}}, "invalid_client"),
    ({"data": {"client_id": "c" * 201}}, "invalid_client"),
    ({"data": {"client_id": CLIENT}}, "invalid_request"),
    ({"data": {"client_id": CLIENT, "grant_type": "password"}}, "unsupported_grant_type"),
    ({"data": {"client_id": CLIENT, "grant_type": DEVICE_GRANT}}, "invalid_request"),
    ({"data": {"client_id": CLIENT, "grant_type": DEVICE_GRANT, "device_code": "unknown"}}, "invalid_grant"),
    ({"data": {"client_id": CLIENT, "grant_type": "refresh_token"}}, "invalid_request"),
    ({"data": {"client_id": CLIENT, "grant_type": "refresh_token", "refresh_token": "unknown"}}, "invalid_grant"),
    ({"content": SURROGATE, "headers": {"content-type": "application/json"}}, "invalid_grant"),
    ({"content": b"client_id=a&client_id=b"}, "invalid_request"),
    ({"content": b"\xff\xfe"}, "invalid_request"),
    ({"content": b"a&" * 100}, "invalid_request"),
    ({"json": ["client_id"]}, "invalid_request"),
    ({"json": {"client_id": 7}}, "invalid_request"),
    ({"content": b"{", "headers": {"content-type": "application/json"}}, "invalid_request"),
    ({"content": b"[" * 50_000, "headers": {"content-type": "application/json"}}, "invalid_request"),
    ({"content": b"1" * 5_000, "headers": {"content-type": "application/json"}}, "invalid_request"),
]


@pytest.mark.parametrize(("request_", "error"), BAD)
def test_every_malformed_request_gets_its_own_answer(
    server: RunningServer, request_: dict[str, Any], error: str
) -> None:
    answer = server.http.post("/user_management/authenticate", **request_)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]
    server.start_sign_in()


def test_no_code_or_token_lies_on_disk_in_plain(server: RunningServer) -> None:
    started = server.start_sign_in()
    launch.decide(str(server.data_dir), started["user_code"], True)
    session = server.poll(started).json()
    renewed = server.refresh(session["refresh_token"]).json()
    disk = stored_bytes(server.data_dir)
    for secret in (started["device_code"], session["refresh_token"], renewed["refresh_token"], renewed["access_token"]):
        assert secret.encode() not in disk


def test_unknown_addresses_and_methods_answer_in_the_shape_of_their_service(server: RunningServer) -> None:
    expected: list[tuple[httpx.Response, int, str]] = [
        (server.http.get("/user_management/authenticate"), 405, "error"),
        (server.http.get("/user_management/nothing"), 404, "error"),
        (server.http.post("/sso/jwks/x"), 405, "error"),
        (server.http.get("/nothing"), 404, "code"),
    ]
    for answer, status, field in expected:
        assert answer.status_code == status
        assert answer.json()[field] in ("not_found", "method_not_allowed")
