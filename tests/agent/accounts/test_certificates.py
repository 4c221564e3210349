"""A proxy with certificates of its own, named by a settings file of a repository, gets no login of the person."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.intercepting_proxy import InterceptingProxy, intercepting_proxy

from amika_agent.accounts import akos, almyty, certificates
from amika_agent.accounts.akos_endpoints import akos_place
from amika_agent.accounts.akos_session import AkosKeeper
from amika_agent.accounts.almyty_sign_out import sign_out
from amika_agent.accounts.almyty_store import store_login
from amika_agent.clock import SystemClock
from amika_agent.http.client import Http, NoAnswer
from amika_local.almyty_file import AlmytyLogin, credentials_path, read_login
from amika_local.errors import Failed, UsageError
from amika_local.secret import Secret

ALMYTY, AKOS = "api.almyty.example", "akos.example"
TOKEN = "almyty_" + "0" * 60 + "fake"
WHO = {"data": {"id": "u1", "email": "dev@example.com", "organizations": []}}


@pytest.fixture
def between(tmp_path: Path) -> Iterator[InterceptingProxy]:
    with intercepting_proxy(tmp_path, ALMYTY, AKOS) as proxy:
        proxy.say = {
            "/auth/profile": WHO,
            "/auth/api-keys": {"data": {"apiKeys": [{"id": "key_1", "keyPrefix": TOKEN[:14]}]}},
            "/auth/api-keys/key_1": {"data": {"deleted": True}},
            "/session": {"userId": "user_1", "tenantId": "tenant_1"},
            "/token": {"access_token": "fake-access-2", "refresh_token": "fake-refresh-2", "expires_in": 600},
            "/revoke": {},
        }
        yield proxy


@pytest.fixture
def deceived(between: InterceptingProxy) -> Iterator[Http]:
    """What a settings file of somebody else makes of every request."""
    with Http(proxy=between.url, ca_file=between.ca_file) as http:
        yield http


@pytest.fixture
def usual(between: InterceptingProxy) -> Iterator[Http]:
    """The same network without those certificates."""
    with Http(proxy=between.url) as http:
        yield http


# almyty


@pytest.fixture
def where(tmp_path: Path) -> almyty.Place:
    folder = tmp_path / "almyty"
    return almyty.Place(str(folder), f"https://{ALMYTY}", f"https://{ALMYTY}")


def test_almytys_key_is_not_sent_under_other_certificates(where, between, deceived):
    login = AlmytyLogin(Secret(TOKEN), url=where.api_url, key_id="key_1")
    store_login(where.folder, login)
    with pytest.raises(UsageError, match="certificates of the system.*" + re.escape(between.ca_file)) as refused:
        almyty.verify(where, {}, deceived)
    assert "XDG_CONFIG_HOME" in refused.value.remedy
    result = sign_out(where.folder, deceived)
    assert (result.revoked, result.was_signed_in) == (False, True)
    assert between.ca_file in result.problem
    assert between.requests == []


def test_a_key_that_another_program_stored_is_not_either(where, between, deceived):
    Path(where.folder).mkdir()
    Path(credentials_path(where.folder)).write_text(json.dumps({"url": where.api_url, "token": TOKEN}))
    with pytest.raises(UsageError, match="certificates"):
        almyty.verify(where, {}, deceived)
    assert between.requests == []


def test_the_key_before_is_not_sent_when_one_signs_in_anew(where, between, deceived):
    before = "almyty_" + "1" * 60 + "fake"
    store_login(where.folder, AlmytyLogin(Secret(before), url=where.api_url, key_id="key_0"))
    done = almyty.sign_in_with_token(where, Secret(TOKEN), deceived)
    assert "not deleted at the server" in done.replaced
    assert not between.saw(before)


def test_almytys_login_is_good_under_the_certificates_it_was_made_under(where, between, deceived, usual):
    almyty.sign_in_with_token(where, Secret(TOKEN), deceived)
    assert almyty.verify(where, {}, deceived).email == "dev@example.com"
    login = read_login(credentials_path(where.folder))
    assert login is not None
    assert login.certificates == between.ca_file
    sent = len(between.requests)
    with pytest.raises(UsageError, match="those of the system"):
        almyty.verify(where, {}, usual)
    assert len(between.requests) == sent


def test_a_token_of_the_environment_is_sent_where_the_environment_says(where, between, deceived):
    """It comes from the same hand as the settings: there is nothing it could be held against."""
    assert almyty.verify(where, {"ALMYTY_TOKEN": TOKEN}, deceived).email == "dev@example.com"
    assert between.saw(TOKEN)


# AKOS


def keep(keeper: AkosKeeper, **more: object) -> None:
    content = {
        "api_url": f"https://{AKOS}",
        "issuer": f"https://{AKOS}",
        "client_id": "akos-cli",
        "token_url": f"https://{AKOS}/token",
        "revocation_url": f"https://{AKOS}/revoke",
        "session_url": f"https://{AKOS}/session",
        "tenants_url": f"https://{AKOS}/tenants",
        "access_token": "fake-access-1",
        "refresh_token": "fake-refresh-1",
        "expires_at": 1.0,
        **more,
    }
    Path(keeper.path).write_text(json.dumps(content))


@pytest.mark.parametrize("expires_at", [1.0, 4e9], ids=["due", "lasting"])
def test_the_akos_session_is_not_sent_under_other_certificates(tmp_path, between, deceived, expires_at):
    keeper = AkosKeeper(str(tmp_path), deceived, SystemClock())
    keep(keeper, expires_at=expires_at)
    place = akos_place({"AKOS_API_URL": f"https://{AKOS}"}, {})
    for attempt in (
        lambda: keeper.fresh(place),
        lambda: keeper.fresh(place, force=True),
        lambda: akos.whoami(place, {}, keeper, deceived),
        lambda: akos.tenants(place, {}, keeper, deceived),
        lambda: akos.use_tenant(place, {}, keeper, deceived, "tenant_2"),
    ):
        with pytest.raises(UsageError, match=re.escape(between.ca_file)):
            attempt()
    result = keeper.sign_out()
    assert (result.revoked, result.was_signed_in) == (False, True)
    assert between.ca_file in result.problem
    assert not between.saw("fake-access-1")
    assert not between.saw("fake-refresh-1")
    assert not Path(keeper.path).exists()


def test_the_akos_session_is_good_under_the_certificates_it_was_made_under(tmp_path, between, deceived, usual):
    keeper = AkosKeeper(str(tmp_path), deceived, SystemClock())
    keep(keeper, certificates=between.ca_file)
    place = akos_place({"AKOS_API_URL": f"https://{AKOS}"}, {})
    assert akos.whoami(place, {}, keeper, deceived)["user_id"] == "user_1"
    renewed = keeper.stored()
    assert renewed is not None
    assert renewed.texts["certificates"] == between.ca_file, "a renewal does not lose it"
    with pytest.raises(UsageError, match="those of the system"):
        AkosKeeper(str(tmp_path), usual, SystemClock()).fresh(place)
    assert keeper.sign_out().revoked is True


def test_a_login_is_bound_when_only_one_of_its_servers_is_elsewhere(tmp_path, between, deceived):
    keeper = AkosKeeper(str(tmp_path), deceived, SystemClock())
    keep(keeper, api_url="http://127.0.0.1:9")
    with pytest.raises(UsageError, match="certificates"):
        keeper.fresh(akos_place({"AKOS_API_URL": "http://127.0.0.1:9"}, {}))
    assert between.requests == []


# both


def test_this_machine_needs_no_certificates():
    assert certificates.unlike("", "/a.pem", ["http://127.0.0.1:1", ""]) == ""
    assert certificates.unlike("", "/a.pem", ["http://127.0.0.1:1", "https://a.example"])


def test_certificates_of_the_folder_one_happens_to_be_in_are_none(between, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Http(proxy=between.url, ca_file=Path(between.ca_file).name) as http, pytest.raises(Failed, match="whole path"):
        http.request("GET", f"https://{ALMYTY}/")


def test_the_proxy_alone_is_nobody(between, usual):
    with pytest.raises(NoAnswer) as refused:
        usual.request("GET", f"https://{ALMYTY}/auth/profile", bearer=Secret(TOKEN))
    assert (refused.value.reason, between.requests) == ("tls", [])
