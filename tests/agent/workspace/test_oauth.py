"""AKOS's side of the local workspace: metadata, device flow, session, tenants, revocation."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.agent.workspace.running import DEVICE_GRANT, RunningServer

from amika_agent.workspace import launch

CLIENT = "akos-cli"


def metadata(server: RunningServer) -> dict[str, Any]:
    found: dict[str, Any] = server.http.get("/.well-known/oauth-authorization-server").json()
    return found


def token(server: RunningServer, **fields: str) -> httpx.Response:
    return httpx.post(metadata(server)["token_endpoint"], data={"client_id": CLIENT, **fields})


def signed_in(server: RunningServer) -> dict[str, Any]:
    endpoint = metadata(server)["device_authorization_endpoint"]
    started = httpx.post(endpoint, data={"client_id": CLIENT, "scope": "cli"}).json()
    asked = {"grant_type": DEVICE_GRANT, "device_code": started["device_code"]}
    assert token(server, **asked).json()["error"] == "authorization_pending"
    launch.decide(str(server.data_dir), started["user_code"], True)
    answer = token(server, **asked)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_everything_is_where_the_metadata_says(server: RunningServer) -> None:
    found = metadata(server)
    assert found["issuer"] == server.url
    session = signed_in(server)
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 600)
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    who = httpx.get(found["userinfo_endpoint"], headers=bearer).json()
    assert (who["userId"], who["tenantId"]) == (session["userId"], session["tenantId"])
    tenants = httpx.get(found["tenants_endpoint"], headers=bearer).json()
    assert tenants == {"tenants": [{"id": who["tenantId"], "name": "Local workspace"}], "current": who["tenantId"]}


def test_a_session_is_renewed_moved_only_to_a_tenant_of_ones_own_and_revoked(server: RunningServer) -> None:
    session = signed_in(server)
    refresh = {"grant_type": "refresh_token", "refresh_token": session["refresh_token"]}
    assert token(server, **refresh, tenant_id="org_other").json()["error"] == "organization_not_authorized"
    renewed = token(server, **refresh, tenant_id=session["tenantId"]).json()
    assert renewed["refresh_token"] != session["refresh_token"]
    revocation = metadata(server)["revocation_endpoint"]
    for given in (renewed["refresh_token"], renewed["refresh_token"], "unknown"):
        assert httpx.post(revocation, data={"client_id": CLIENT, "token": given}).status_code == 200
    bearer = {"Authorization": f"Bearer {renewed['access_token']}"}
    over = httpx.get(metadata(server)["userinfo_endpoint"], headers=bearer)
    assert (over.status_code, over.json()["error"]) == (401, "invalid_token")
    gone = token(server, grant_type="refresh_token", refresh_token=renewed["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": DEVICE_GRANT}, "invalid_request"),
        ({"grant_type": DEVICE_GRANT, "device_code": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x", "client_id": ""}, "invalid_client"),
    ],
)
def test_refusals_are_oauths(server: RunningServer, fields: dict[str, str], error: str) -> None:
    answer = token(server, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("path", ["/akos/session", "/akos/tenants"])
@pytest.mark.parametrize("header", ["", "Bearer x", "Basic x"])
def test_without_a_session_nothing_is_told(server: RunningServer, path: str, header: str) -> None:
    answer = server.http.get(path, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
