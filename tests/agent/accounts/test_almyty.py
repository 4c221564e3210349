"""almyty's account against servers that answer in every way: nothing is claimed that the answer does not say."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.scripted_server import ScriptedServer, scripted_server

from amika_agent.accounts.almyty import AlmytySignedIn, Place, sign_in, sign_in_with_token, verify
from amika_agent.accounts.almyty_sign_out import sign_out
from amika_agent.accounts.almyty_store import remember_addresses, store_login
from amika_agent.accounts.loopback import Typed
from amika_agent.clock import SystemClock
from amika_local.almyty_file import AlmytyLogin, credentials_path, read_login
from amika_local.errors import Failed, NotSignedIn
from amika_local.secret import Secret

TOKEN = "almyty_" + "0" * 60 + "fake"
ACME, OTHER = {"id": "org_1", "name": "Acme"}, {"id": "org_2", "name": "Other"}
WHO = {
    "data": {"id": "u1", "email": "dev@example.com", "organizations": [ACME, OTHER], "currentOrganizationId": "org_2"}
}
KEYS = {"data": {"apiKeys": [{"id": "key_1", "keyPrefix": TOKEN[:14], "expiresAt": "2099-01-01T00:00:00Z"}]}}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as told:
        told.say["/auth/profile"] = (200, WHO)
        told.say["/auth/api-keys"] = (200, KEYS)
        told.say["/auth/api-keys/key_1"] = (200, {"data": {"deleted": True}})
        yield told


@pytest.fixture
def where(server: ScriptedServer, tmp_path: Path) -> Place:
    return Place(str(tmp_path), server.url, server.url)


def stored(where: Place) -> AlmytyLogin:
    found = read_login(credentials_path(where.folder))
    assert found is not None
    return found


def keep(where: Place, **more: str) -> None:
    store_login(where.folder, AlmytyLogin(Secret(TOKEN), url=where.api_url, **{"key_id": "key_1", **more}))


def test_a_deleted_key_is_said(server, where, http):
    keep(where)
    result = sign_out(where.folder, http)
    assert (result.revoked, result.detail) == (True, "signed out of almyty; the key was deleted at the server")
    assert server.count("/auth/api-keys/key_1") == 1
    assert not Path(credentials_path(where.folder)).exists()


def test_a_key_that_the_server_had_ended_is_said(server, where, http):
    keep(where)
    server.say["/auth/api-keys/key_1"] = (401, {"error": {"code": "UNAUTHORIZED"}})
    result = sign_out(where.folder, http)
    assert result.revoked is True
    assert "had ended the key already" in result.detail


UNSAID = {
    "a page of another server": (200, b"<html>welcome</html>"),
    "nothing": (200, b""),
    "a list": (200, []),
    "a redirect": (302, b""),
    "no such id": (400, {"error": {"code": "BAD_REQUEST"}}),
    "no right": (403, {"error": {"code": "FORBIDDEN"}}),
    "no such address": (404, {}),
    "too many": (429, {}),
    "a failure": (500, {}),
}


@pytest.mark.parametrize("said", UNSAID.values(), ids=UNSAID)
def test_sign_out_claims_no_deletion_that_was_not_confirmed(server, where, http, said):
    keep(where)
    server.say["/auth/api-keys/key_1"] = said
    result = sign_out(where.folder, http)
    assert result.revoked is False
    assert "could not be deleted at the server" in result.detail
    assert not Path(credentials_path(where.folder)).exists()


def test_an_id_that_was_edited_leads_nowhere(server, where, http):
    keep(where, key_id="../profile")
    assert sign_out(where.folder, http).revoked is False
    assert server.asked == []


def test_a_link_is_removed_and_what_it_leads_to_is_named(where, http, tmp_path):
    keep(where)
    real = tmp_path / "elsewhere.json"
    Path(credentials_path(where.folder)).rename(real)
    Path(credentials_path(where.folder)).symlink_to(real)
    result = sign_out(where.folder, http)
    assert result.left == str(real)
    assert f"the login was a link, and {real} still holds its token" in result.detail
    assert real.exists()
    assert not Path(credentials_path(where.folder)).is_symlink()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((200, {"data": {}}), "does not answer as almyty's API"),
        ((200, {"data": {"id": 7, "email": ["x"]}}), "does not answer as almyty's API"),
        ((200, []), "does not answer as almyty's API"),
        ((200, b"<html>"), "does not answer as almyty's API"),
        ((302, b""), "does not answer as almyty's API"),
        ((404, {}), "does not answer as almyty's API"),
        ((429, {}), "asks for a pause"),
        ((500, {}), "HTTP 500"),
    ],
)
def test_what_says_of_nobody_accepts_no_token(server, where, http, said, words):
    server.say["/auth/profile"] = said
    with pytest.raises(Failed, match=words):
        sign_in_with_token(where, Secret(TOKEN), http)
    assert not Path(credentials_path(where.folder)).exists()


@pytest.mark.parametrize(("status", "words"), [(401, "rejects the almyty token"), (403, "does not let")])
def test_rejected_and_not_allowed_are_two_things(server, where, http, status, words):
    server.say["/auth/profile"] = (status, {})
    with pytest.raises(NotSignedIn, match=words):
        sign_in_with_token(where, Secret(TOKEN), http)


def test_a_given_token_tells_its_end_and_is_not_ours_to_delete(where, http):
    sign_in_with_token(where, Secret(TOKEN), http)
    login = stored(where)
    assert login.expires_at == 4070908800.0
    assert login.key_id == ""
    assert (login.organization, login.organization_id) == ("Other", "org_2")
    assert "stays valid" in sign_out(where.folder, http).detail


def test_a_pasted_token_is_not_ours_to_delete_either(server, where, http):
    lines = iter([Secret(""), Secret(TOKEN)])
    descriptor, writer = os.pipe()
    os.write(writer, b"12")

    def read() -> Secret | None:
        os.read(descriptor, 1)
        return next(lines)

    try:
        typed = Typed(descriptor, read)
        events = list(sign_in(where, http, SystemClock(), cancel=threading.Event(), typed=typed))
    finally:
        os.close(writer)
        os.close(descriptor)
    assert isinstance(events[-1], AlmytySignedIn)
    assert stored(where).key_id == ""


def test_a_member_of_several_organizations_names_the_one_that_was_chosen(server, where, http):
    keep(where, organization_id="org_2")
    verify(where, {}, http)
    sign_out(where.folder, http)
    assert [headers.get("x-organization-id") for headers in server.headers] == ["org_2", "org_2"]


def test_a_file_of_addresses_that_cannot_be_understood_is_left_as_it_is(where):
    config = Path(where.folder) / "config.json"
    config.write_text('{"theme": "dark", ')
    remember_addresses(where.folder, api="https://api.example.test")
    assert config.read_text() == '{"theme": "dark", '
    config.write_text('{"theme": "dark"}')
    remember_addresses(where.folder, api="https://api.example.test")
    assert '"theme": "dark"' in config.read_text()
    assert '"apiUrl": "https://api.example.test"' in config.read_text()
