from __future__ import annotations

import json
import stat

import pytest

from amika_agent.accounts.amika import AccountKey, Authority
from amika_agent.accounts.api_key import check_origin, checked_key, delete_api_key, store_api_key
from amika_agent.accounts.authority import OtherAccount
from amika_agent.clock import SystemClock
from amika_agent.endpoints import Endpoints, resolve_endpoints
from amika_local.errors import Failed, NotSignedIn, Unreachable, UsageError
from amika_local.secret import Secret
from amika_local.session_file import SessionFileError


@pytest.fixture
def world(tmp_path, server, http, clock):
    class World:
        state = tmp_path
        endpoints = resolve_endpoints({}, local_url=server.url)

        def authority(self, env=None, endpoints=None):
            return Authority(str(tmp_path), env or {}, endpoints or self.endpoints, http, clock, "cli")

        def sign_in(self):
            self.authority().keeper.accept(server.model.open_session())

        def store_key(self, key="ak_fake"):
            return store_api_key(str(tmp_path), Secret(key), self.endpoints, clock)

    return World()


def test_precedence(world):
    assert world.authority().method == "none"
    assert world.authority().account() is None
    world.sign_in()
    assert world.authority().method == "session"
    world.store_key()
    assert world.authority().method == "stored_api_key"
    assert world.authority().bearer().reveal() == "ak_fake"
    env = {"AMIKA_API_KEY": " ak_env\n"}
    assert world.authority(env).method == "env_api_key"
    assert world.authority(env).bearer().reveal() == "ak_env"


def test_nobody(world):
    with pytest.raises(NotSignedIn):
        world.authority().bearer()


def test_account_keys_are_stable_and_tell_accounts_apart(world, server):
    world.sign_in()
    key = world.authority().account()
    assert key == AccountKey("loopback", "user_01FAKE", "org_01ACME")
    assert key.text == world.authority().account().text
    world.store_key("ak_one")
    one = world.authority().account()
    world.store_key("ak_two")
    two = world.authority().account()
    assert len({key.text, one.text, two.text}) == 3
    assert "ak_" not in one.text


def test_an_environment_key_with_odd_characters_is_refused_and_not_shown(world):
    with pytest.raises(UsageError) as caught:
        world.authority({"AMIKA_API_KEY": "ak\x1bfake"}).bearer()
    assert "fake" not in caught.value.message


def test_bad_key_files_are_said(world):
    (world.state / "api-key.json").write_text("{}")
    with pytest.raises(SessionFileError):
        world.authority().bearer()
    assert world.authority().account() is None
    assert world.authority().method == "stored_api_key"


def test_the_key_file_is_what_the_go_cli_reads(world):
    path = world.store_key()
    content = json.loads((world.state / "api-key.json").read_text())
    assert content["key"] == "ak_fake"
    assert content["stored_at"].endswith("Z")
    assert stat.S_IMODE((world.state / "api-key.json").stat().st_mode) == 0o600
    assert path == str(world.state / "api-key.json")
    assert delete_api_key(str(world.state)) is True
    assert delete_api_key(str(world.state)) is False


def test_a_stored_key_is_bound_to_its_server(world, server):
    world.store_key()
    elsewhere = Endpoints("https://evil.example", "https://evil.example", "client")
    with pytest.raises(UsageError, match="belongs to"):
        world.authority(endpoints=elsewhere).bearer()
    trusting = resolve_endpoints({}, settings={"network.ca_file": "/repository/ca.pem"})
    store_api_key(str(world.state), Secret("ak_fake"), resolve_endpoints({}), SystemClock())
    with pytest.raises(UsageError, match="certificates"):
        world.authority(endpoints=trusting).bearer()
    (world.state / "api-key.json").write_text('{"key": "ak_go", "stored_at": "2026-01-01T00:00:00Z"}')
    assert world.authority(endpoints=elsewhere).bearer().reveal() == "ak_go"
    # what Go stored does not say: it belongs to where it was first used, however its folder is named later
    with pytest.raises(UsageError, match="belongs to"):
        world.authority().bearer()
    link = world.state / "elsewhere"
    link.mkdir()
    (link / "api-key.json").symlink_to(world.state / "api-key.json")
    with pytest.raises(UsageError, match="belongs to"):
        check_origin(str(link), world.endpoints)
    assert "ak_go" not in (world.state / ".api-key.origin").read_text()
    assert stat.S_IMODE((world.state / ".api-key.origin").stat().st_mode) == 0o600
    # another key is another first use
    (world.state / "api-key.json").write_text('{"Key": "ak_new"}')
    assert world.authority().bearer().reveal() == "ak_new"
    delete_api_key(str(world.state))
    assert not (world.state / ".api-key.origin").exists()


def test_verify_session(world, server):
    world.sign_in()
    assert world.authority().verify()["verified"] is True
    assert server.count("api") == 1


def test_a_401_renews_once_and_asks_once_more(world, server, clock):
    world.sign_in()
    clock.turn(60)
    for session in server.model.sessions.values():
        session.access.clear()
    assert world.authority().verify()["verified"] is True
    assert (server.count("api"), server.count("refresh")) == (2, 1)


def test_a_401_that_stays_is_a_rejection(world, server, clock):
    world.sign_in()
    clock.turn(60)
    server.fail("api", "answer", times=9, status=401, body=b"{}")
    with pytest.raises(NotSignedIn, match="rejects your login"):
        world.authority().verify()
    assert (server.count("api"), server.count("refresh")) == (2, 1)


@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_rejected_key_is_said_with_its_own_remedy(world, server, where):
    env = {"AMIKA_API_KEY": "ak_bad"} if where == "environment" else {}
    if not env:
        world.store_key("ak_bad")
    with pytest.raises(NotSignedIn, match="API key") as caught:
        world.authority(env).verify()
    assert ("AMIKA_API_KEY" in caught.value.remedy) == bool(env)
    with pytest.raises(NotSignedIn):
        world.authority(env).bearer(force=True)
    assert server.count("refresh") == 0


@pytest.mark.parametrize(
    ("kind", "error"), [("500", Failed), ("429", Failed), ("redirect", Failed), ("reset", Unreachable), ("404", Failed)]
)
def test_verify_learns_nothing(world, server, kind, error):
    world.sign_in()
    server.fail("api", kind)
    with pytest.raises(error) as caught:
        world.authority().verify()
    assert caught.value.exit_code == 5
    assert "BODY" not in caught.value.message


def test_a_page_that_says_200_to_everything_has_not_accepted_the_login(world, server):
    world.sign_in()
    server.fail("api", "answer", status=200, body=b"<html>Welcome to the hotel BODY")
    with pytest.raises(Failed, match="not understood") as caught:
        world.authority().verify()
    assert "BODY" not in caught.value.message


def test_forbidden_is_still_signed_in(world, server):
    world.sign_in()
    server.fail("api", "403")
    assert world.authority().verify()["verified"] is True


@pytest.mark.parametrize(
    ("data", "key"),
    [(b"ak_fake\n", "ak_fake"), (b"\xef\xbb\xbfak_fake", "ak_fake"), (b' {"key": " ak_fake "}', "ak_fake")],
)
def test_key_files_a_person_may_give(data, key):
    assert checked_key(data, "FILE").reveal() == key


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"ak one", b"ak_1\nak_2", b"\xff\xfe", "schlüssel".encode(), b"{", b"{}", b'{"key": 5}', b"a" * 5000],
)
def test_key_files_without_a_key(data):
    with pytest.raises(UsageError) as caught:
        checked_key(data, "FILE")
    assert "FILE" in caught.value.message
    assert "ak" not in caught.value.message.replace("taken", "")


def test_a_request_for_one_account_never_gets_the_token_of_another(world, server):
    """Somebody may sign in, or go to another organization, between two requests of one command."""
    world.sign_in()
    authority = world.authority()
    mine = authority.account()
    assert authority.bearer(of=mine).reveal() == authority.bearer().reveal()
    for of in (AccountKey("loopback", mine.user_id, "org_01OTHER"), AccountKey("loopback", "user_other", mine.org_id)):
        with pytest.raises(OtherAccount) as refused:
            authority.bearer(of=of)
        assert refused.value.remedy
    world.store_key()
    with pytest.raises(OtherAccount):
        authority.bearer(of=mine)
    assert authority.bearer(of=authority.account()).reveal() == "ak_fake"
