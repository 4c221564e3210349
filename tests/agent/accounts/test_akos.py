"""The AKOS account against an authorization server that says whatever a test wants it to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.scripted_server import Said, ScriptedServer, scripted_server
from tests.fakes.turned_clock import TurnedClock

from amika_agent.accounts import akos
from amika_agent.accounts.akos_endpoints import AkosPlace, akos_place, discover
from amika_agent.accounts.akos_session import AkosKeeper
from amika_agent.clock import SystemClock
from amika_agent.http.client import Http
from amika_local.akos_file import AkosSession, read_session
from amika_local.errors import AmikaError, Failed, NotSignedIn, Unreachable, UsageError


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as told:
        told.say["/.well-known/oauth-authorization-server"] = (
            200,
            {
                "issuer": told.url,
                "device_authorization_endpoint": f"{told.url}/device",
                "token_endpoint": f"{told.url}/token",
                "revocation_endpoint": f"{told.url}/revoke",
                "userinfo_endpoint": f"{told.url}/who",
            },
        )
        told.say["/who"] = (200, {"userId": "user_1", "tenantId": "tenant_1", "email": "dev@example.com"})
        token = {"access_token": "fake-access-2", "refresh_token": "fake-refresh-2", "expires_in": 600}
        told.say["/token"] = (200, token)
        yield told


@pytest.fixture
def place(server: ScriptedServer) -> AkosPlace:
    return akos_place({"AKOS_API_URL": server.url}, {})


@pytest.fixture
def keeper(tmp_path: Path, http: Http) -> AkosKeeper:
    return AkosKeeper(str(tmp_path), http, SystemClock())


def store(keeper: AkosKeeper, server: ScriptedServer, **more: object) -> None:
    content = {
        "api_url": server.url,
        "issuer": server.url,
        "client_id": "akos-cli",
        "token_url": f"{server.url}/token",
        "revocation_url": f"{server.url}/revoke",
        "session_url": f"{server.url}/who",
        "tenants_url": f"{server.url}/tenants",
        "access_token": "fake-access-1",
        "refresh_token": "fake-refresh-1",
        "expires_at": 1.0,
        **more,
    }
    Path(keeper.path).write_text(json.dumps(content))


def stored(keeper: AkosKeeper) -> AkosSession:
    session = read_session(keeper.path)
    assert session is not None
    return session


def test_a_session_that_lasts_is_not_renewed(server, place, keeper):
    store(keeper, server, expires_at=4e9)
    assert keeper.fresh(place).access_token.reveal() == "fake-access-1"
    assert server.asked == []


def test_an_old_session_is_renewed_and_stored_before_it_is_used(server, place, keeper):
    store(keeper, server)
    seen: list[AkosSession] = []

    def renew(form: dict[str, str]) -> Said:
        assert form == {"grant_type": "refresh_token", "refresh_token": "fake-refresh-1", "client_id": "akos-cli"}
        seen.append(stored(keeper))
        return 200, {"access_token": "fake-access-2", "expires_in": 600}

    server.say["/token"] = renew
    assert keeper.fresh(place).access_token.reveal() == "fake-access-2"
    assert seen[0].sent_at is not None  # written before the token was spent
    after = stored(keeper)
    assert after.sent_at is None
    assert after.refresh_token.reveal() == "fake-refresh-1"  # the server did not rotate it


def test_many_at_once_spend_one_refresh_token(server, place, tmp_path, http):
    store(AkosKeeper(str(tmp_path), http, SystemClock()), server)
    found: list[str] = []

    def one() -> None:
        found.append(AkosKeeper(str(tmp_path), http, SystemClock()).fresh(place).access_token.reveal())

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["fake-access-2"] * 8
    assert server.count("/token") == 1


def test_an_answer_that_was_lost_is_asked_for_again_at_once(server, place, keeper):
    store(keeper, server, expires_at=4e9, sent_at=5.0)
    assert keeper.fresh(place).access_token.reveal() == "fake-access-2"


@pytest.mark.parametrize("status", [400, 401])
def test_a_rejected_refresh_token_is_remembered(server, place, keeper, status):
    store(keeper, server)
    server.say["/token"] = (status, {"error": "invalid_grant"})
    for _ in range(3):
        with pytest.raises(NotSignedIn, match="ended the AKOS session"):
            keeper.fresh(place)
    assert server.count("/token") == 1


DAMAGED = [
    {"access_token": "not a token", "refresh_token": "fake-refresh-2"},
    {"access_token": "fake-access-2", "refresh_token": "\ud800"},
]


@pytest.mark.parametrize(
    "said",
    [(500, {}), (429, {}), (403, {}), (200, {}), (200, []), (404, {"error": "x"}), *((200, one) for one in DAMAGED)],
)
def test_what_is_no_verdict_keeps_the_session(server, place, keeper, said):
    store(keeper, server)
    server.say["/token"] = said
    with pytest.raises(Failed):
        keeper.fresh(place)
    assert stored(keeper).refresh_token.reveal() == "fake-refresh-1"
    server.say["/token"] = (200, {"access_token": "fake-access-2", "refresh_token": "r2", "expires_in": 600})
    assert keeper.fresh(place).access_token.reveal() == "fake-access-2"


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_not_asked_meanwhile(server, place, tmp_path, http, status):
    clock = TurnedClock()
    keeper = AkosKeeper(str(tmp_path), http, clock)
    store(keeper, server)
    renewed, server.say["/token"] = server.say["/token"], (status, {})
    server.adds["/token"] = {"Retry-After": "600"}
    for _ in range(3):
        with pytest.raises(Unreachable, match="asks to wait") as told:
            keeper.fresh(place)
        assert "You stay signed in" in told.value.remedy
    with pytest.raises(Unreachable, match="asks to wait"):
        keeper.fresh(place, force=True)
    assert server.count("/token") == 1
    server.say["/token"] = renewed
    clock.turn(599.0)
    with pytest.raises(Unreachable):
        keeper.fresh(place)
    clock.turn(2.0)
    assert keeper.fresh(place).access_token.reveal() == "fake-access-2"
    assert stored(keeper).not_before is None


def test_while_the_server_asks_to_wait_a_token_that_still_lasts_is_used(server, place, keeper):
    store(keeper, server, expires_at=SystemClock().now() + 1800.0)
    server.say["/token"], server.adds["/token"] = (429, {}), {"Retry-After": "600"}
    with pytest.raises(Unreachable):
        keeper.fresh(place, early=3600.0)
    assert keeper.fresh(place, early=3600.0).access_token.reveal() == "fake-access-1"
    assert stored(keeper).sent_at is None  # turned away: the refresh token is not spent
    assert server.count("/token") == 1


def test_a_wait_that_no_server_asks_for_is_no_wait(server, place, keeper):
    store(keeper, server, not_before=4e9)  # the clock was set back meanwhile
    assert keeper.fresh(place).access_token.reveal() == "fake-access-2"


def test_no_network_keeps_the_session(server, place, keeper):
    store(keeper, server, token_url="http://127.0.0.1:9/token")
    with pytest.raises(Unreachable):
        keeper.fresh(place)
    assert stored(keeper).refresh_token.reveal() == "fake-refresh-1"


def test_a_token_that_was_not_sent_is_not_spent(server, place, keeper):
    """Nobody was there to take it: the session that lasts goes on being used."""
    store(keeper, server, expires_at=4e9, token_url="http://127.0.0.1:9/token")
    with pytest.raises(Unreachable):
        keeper.switch_tenant(place, "tenant_2")
    assert stored(keeper).sent_at is None
    assert keeper.fresh(place).access_token.reveal() == "fake-access-1"
    store(keeper, server, expires_at=4e9, token_url="http://127.0.0.1:9/token", sent_at=5.0)
    with pytest.raises(Unreachable):
        keeper.fresh(place)
    assert stored(keeper).sent_at == 5.0, "what may have been spent before may be spent still"


def test_whoami_renews_once_on_401(server, place, keeper, http):
    store(keeper, server, expires_at=4e9)
    calls: list[int] = []

    def who(_: dict[str, str]) -> Said:
        calls.append(1)
        return (401, {}) if len(calls) == 1 else (200, {"sub": "user_1", "tenant_id": "tenant_9"})

    server.say["/who"] = who
    found = akos.whoami(place, {}, keeper, http)
    assert (found["user_id"], found["tenant_id"]) == ("user_1", "tenant_9")
    assert stored(keeper).texts["tenant_id"] == "tenant_9"


def test_tenants_in_the_shapes_servers_use(server, place, keeper, http):
    store(keeper, server, expires_at=4e9, tenant_id="t2")
    for body in (
        {"tenants": [{"id": "t1", "name": "One"}, {"id": "t2"}, {"name": "none"}, 7]},
        {"data": [{"tenantId": "t1", "name": "One"}, {"id": "t2"}]},
        [{"id": "t1", "name": "One"}, {"id": "t2"}],
    ):
        server.say["/tenants"] = (200, body)
        found = akos.tenants(place, {}, keeper, http)
        assert [(one.id, one.name, one.current) for one in found] == [("t1", "One", False), ("t2", "t2", True)]


def test_a_tenant_is_used_when_the_server_agrees(server, place, keeper, http):
    store(keeper, server, expires_at=4e9, tenant_id="tenant_1")
    server.say["/tenants"] = (200, {"tenants": [{"id": "tenant_1", "name": "One"}, {"id": "tenant_2", "name": "Two"}]})
    with pytest.raises(Failed, match="left it on its tenant"):
        akos.use_tenant(place, {}, keeper, http, "two")
    server.say["/who"] = (200, {"userId": "user_1", "tenantId": "tenant_2"})
    assert akos.use_tenant(place, {}, keeper, http, "two").id == "tenant_2"
    assert server.asked[-2][1]["tenant_id"] == "tenant_2"
    assert stored(keeper).texts["tenant_id"] == "tenant_2"


def test_a_tenant_is_used_although_an_earlier_renewal_is_answered_first(server, place, keeper, http):
    """Its own answer was lost, and a server with a grace gives it again: it is of the tenant before."""
    store(keeper, server, expires_at=4e9, tenant_id="tenant_1")
    asked: list[dict[str, str]] = []

    def renew(form: dict[str, str]) -> Said:
        asked.append(form)
        return 200, {"access_token": f"fake-access-{len(asked) + 1}", "refresh_token": f"fake-refresh-{len(asked) + 1}"}

    server.say["/tenants"] = (200, [{"id": "tenant_1", "name": "One"}, {"id": "tenant_2", "name": "Two"}])
    server.say["/token"] = renew
    server.say["/who"] = lambda _: (200, {"userId": "user_1", "tenantId": f"tenant_{len(asked)}"})
    assert akos.use_tenant(place, {}, keeper, http, "Two").id == "tenant_2"
    assert [form["tenant_id"] for form in asked] == ["tenant_2", "tenant_2"]
    assert asked[1]["refresh_token"] == "fake-refresh-2"
    assert stored(keeper).texts["tenant_id"] == "tenant_2"


def test_sign_out_says_when_the_server_could_not_be_told(server, keeper):
    store(keeper, server, revocation_url="http://127.0.0.1:9/revoke")
    result = keeper.sign_out()
    assert result.revoked is False
    assert not Path(keeper.path).exists()
    store(keeper, server, revocation_url="")
    assert keeper.sign_out().revoked is None
    store(keeper, server)
    server.say["/revoke"] = (200, {})
    assert keeper.sign_out().revoked is True
    assert server.asked[-1] == ("/revoke", {"token": "fake-refresh-1", "client_id": "akos-cli"})


@pytest.mark.parametrize("damaged", [False, True])
def test_a_link_is_removed_and_what_it_leads_to_is_named(server, keeper, tmp_path, damaged):
    store(keeper, server)
    real = tmp_path / "elsewhere.json"
    Path(keeper.path).rename(real)
    Path(keeper.path).symlink_to(real)
    if damaged:
        real.write_text("{")
    result = keeper.sign_out()
    assert result.left == str(real)
    assert f"{real} still holds its token" in result.detail
    assert real.exists()
    assert not Path(keeper.path).is_symlink()


def test_metadata_is_looked_for_where_standards_put_it(server, http):
    found = server.say.pop("/.well-known/oauth-authorization-server")
    assert isinstance(found, tuple)
    issuer = f"{server.url}/tenant"
    body = {**found[1], "issuer": issuer}
    for path in (
        "/.well-known/oauth-authorization-server/tenant",
        "/tenant/.well-known/oauth-authorization-server",
        "/tenant/.well-known/openid-configuration",
    ):
        server.say = {path: (200, body)}
        endpoints = discover(akos_place({"AKOS_API_URL": issuer}, {}), http)
        assert endpoints.device_url == f"{server.url}/device"
        assert endpoints.tenants_url == f"{issuer}/tenants"


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example"},
        {"issuer": ""},
        {"token_endpoint": "http://evil.example/token"},
        {"device_authorization_endpoint": ""},
        {"device_authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "https://user:pw@evil.example/who"},
    ],
)
def test_metadata_that_must_not_be_trusted(server, place, http, change):
    found = server.say["/.well-known/oauth-authorization-server"]
    assert isinstance(found, tuple)
    server.say["/.well-known/oauth-authorization-server"] = (200, {**found[1], **change})
    with pytest.raises(Failed) as refused:
        discover(place, http)
    assert "evil" not in refused.value.message


def test_settings_name_endpoints_without_metadata(server, http):
    server.say.clear()
    settings = {"akos.api_url": server.url, "akos.device_url": f"{server.url}/d", "akos.token_url": f"{server.url}/t"}
    endpoints = discover(akos_place({}, settings), http)
    assert (endpoints.device_url, endpoints.token_url) == (f"{server.url}/d", f"{server.url}/t")
    assert server.asked == []
    # another server from the environment is not mixed with them
    assert akos_place({"AKOS_API_URL": "https://other.example"}, settings).fixed == {}


@pytest.mark.parametrize("env", [{}, {"AKOS_API_URL": " "}, {"AKOS_API_URL": "http://akos.example"}])
def test_an_address_is_needed_and_checked(env):
    with pytest.raises(UsageError):
        akos_place(env, {})


def test_a_sign_in_asks_for_the_scope_and_is_stored_first(server, place, keeper, http):
    server.say["/device"] = (
        200,
        {
            "device_code": "fake-device-code",
            "user_code": "ABCD-EFGH",
            "verification_uri": f"{server.url}/activate",
            "expires_in": 600,
            "interval": 1,
        },
    )
    events = akos.sign_in(place, keeper, http, SystemClock(), cancel=threading.Event(), scope="cli admin")
    code = next(events)
    assert "fake-device-code" not in repr(code)
    assert server.asked[-1][1]["scope"] == "cli admin"
    done = [event for event in events if isinstance(event, akos.AkosSignedIn)]
    assert done == [akos.AkosSignedIn("user_1", "tenant_1", "dev@example.com")]
    assert stored(keeper).texts["user_id"] == "user_1"


def test_a_refused_sign_in_names_its_own_next_step(server, place, keeper, http):
    server.say["/device"] = (400, {"error": "unauthorized_client"})
    with pytest.raises(AmikaError) as refused:
        list(akos.sign_in(place, keeper, http, SystemClock(), cancel=threading.Event()))
    assert "AKOS_API_URL" in refused.value.remedy


@pytest.mark.parametrize("body", [[], [1, 2], {}, {"data": 1}, "text", b"<html>", {"sub": 7}])
def test_an_answer_about_nobody_confirms_nothing(server, place, keeper, http, body):
    store(keeper, server, expires_at=4e9, user_id="user_1")
    server.say["/who"] = (200, body)
    with pytest.raises(Failed, match="does not answer that"):
        akos.whoami(place, {}, keeper, http)
    assert stored(keeper).texts["user_id"] == "user_1"


@pytest.mark.parametrize(
    "said", [(200, b"<html>"), (200, {"tenants": 1}), (200, {}), (200, [1]), (302, b""), (404, {})]
)
def test_what_is_no_list_of_tenants_is_not_an_empty_one(server, place, keeper, http, said):
    store(keeper, server, expires_at=4e9)
    server.say["/tenants"] = said
    with pytest.raises(Failed, match="does not answer that"):
        akos.tenants(place, {}, keeper, http)
    server.say["/tenants"] = (200, {"tenants": []})
    assert akos.tenants(place, {}, keeper, http) == []


def test_a_session_knows_its_server_where_nothing_else_names_one(server, keeper):
    store(keeper, server, issuer="https://login.example.test")
    found = akos_place({}, {}, session=keeper.stored())
    assert (found.api_url, found.issuer) == (server.url, "https://login.example.test")
    configured = akos_place({}, {"akos.api_url": "https://akos.example.test"}, session=keeper.stored())
    assert configured.api_url == "https://akos.example.test"
    assert keeper.fresh(found).access_token.reveal() == "fake-access-2"
