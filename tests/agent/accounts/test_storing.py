"""A login that cannot be stored: found out before anybody is asked, or ended where it was made. Nothing is left."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.scripted_server import ScriptedServer, scripted_server
from tests.fakes.turned_clock import TurnedClock

from amika_agent.accounts import akos, almyty
from amika_agent.accounts.akos_endpoints import AkosPlace, akos_place
from amika_agent.accounts.akos_session import AkosKeeper
from amika_agent.accounts.almyty_sign_out import sign_out
from amika_agent.clock import SystemClock
from amika_agent.http.client import Http
from amika_local.almyty_file import credentials_path, read_login
from amika_local.errors import Failed

TOKEN = "almyty_" + "0" * 60 + "fake"
CODE = {"device_code": "fake", "user_code": "AAAA-BBBB", "verification_uri": "https://a.example/", "interval": 1}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as told:
        told.say = {
            "/auth/cli/start": (200, {"data": {"code": "AAAA", "deviceCode": "fake", "interval": 1}}),
            "/auth/cli/exchange": (200, {"token": TOKEN}),
            "/auth/profile": (200, {"data": {"id": "u1", "organizations": []}}),
            "/auth/api-keys": (200, {"data": {"apiKeys": [{"id": "key_1", "keyPrefix": TOKEN[:14]}]}}),
            "/auth/api-keys/key_1": (200, {"data": {"deleted": True}}),
            "/.well-known/oauth-authorization-server": (
                200,
                {
                    "issuer": told.url,
                    "device_authorization_endpoint": f"{told.url}/device",
                    "token_endpoint": f"{told.url}/token",
                    "revocation_endpoint": f"{told.url}/revoke",
                },
            ),
            "/device": (200, CODE),
            "/token": (200, {"access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": 600}),
            "/revoke": (200, {}),
        }
        yield told


# almyty


@pytest.fixture
def where(server: ScriptedServer, tmp_path: Path) -> almyty.Place:
    return almyty.Place(str(tmp_path / "almyty"), server.url, server.url, remember_api=server.url)


def signing_in(where: almyty.Place, http: Http) -> Iterator[almyty.SignInEvent]:
    return almyty.sign_in(where, http, TurnedClock(), cancel=threading.Event(), headless=True)


def in_the_way(path: str) -> None:
    """Put a link where the login would be stored, as a person does who keeps such files elsewhere."""
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).symlink_to("/nowhere")


def test_almyty_says_so_before_anybody_is_asked(server, where, http):
    in_the_way(credentials_path(where.folder))
    with pytest.raises(Failed, match="symbolic link"):
        next(signing_in(where, http))
    assert server.asked == []


def test_a_key_that_cannot_be_stored_is_deleted_where_it_was_made(server, where, http):
    events = signing_in(where, http)
    next(events)
    in_the_way(credentials_path(where.folder))
    with pytest.raises(Failed, match="symbolic link"):
        list(events)
    assert server.count("/auth/api-keys/key_1") == 1


def test_addresses_that_cannot_be_kept_do_not_spoil_a_login(server, where, http):
    in_the_way(str(Path(where.folder) / "config.json"))
    done = list(signing_in(where, http))[-1]
    assert isinstance(done, almyty.AlmytySignedIn)
    assert "were not remembered" in done.replaced
    assert read_login(credentials_path(where.folder)) is not None
    assert server.count("/auth/api-keys/key_1") == 0


@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_of_almytys_login_outlives_a_sign_out(where, http, signed_in):
    if signed_in:
        list(signing_in(where, http))
    left = Path(credentials_path(where.folder) + ".tmp-0123abcd")  # of a writer that was killed
    left.parent.mkdir(exist_ok=True)
    left.write_text(TOKEN)
    sign_out(where.folder, http)
    assert [name for name in os.listdir(where.folder) if "credentials" in name] == []


def test_of_several_sign_ins_at_once_one_key_stays_valid(server, where, http):
    """Each has been checked by the server when all of them go on to store theirs."""
    count = 4
    together = threading.Barrier(count)
    tokens = [f"almyty_{number}" + "0" * 60 for number in range(count)]
    left = iter(tokens)
    keys = [{"id": f"key_{number}", "keyPrefix": token[:14]} for number, token in enumerate(tokens)]

    def listed(_: dict[str, str]) -> tuple[int, object]:
        together.wait(30)
        return 200, {"data": {"apiKeys": keys}}

    server.say["/auth/cli/exchange"] = lambda _: (200, {"token": next(left)})
    server.say["/auth/api-keys"] = listed
    server.otherwise = (200, {"data": {"deleted": True}})
    flows = [threading.Thread(target=lambda: list(signing_in(where, http))) for _ in range(count)]
    for flow in flows:
        flow.start()
    for flow in flows:
        flow.join(60)
    deleted = {path.rpartition("/")[2] for path, _ in server.asked if path.startswith("/auth/api-keys/")}
    login = read_login(credentials_path(where.folder))
    assert login is not None
    assert deleted == {key["id"] for key in keys} - {login.key_id}


# AKOS


@pytest.fixture
def place(server: ScriptedServer) -> AkosPlace:
    return akos_place({"AKOS_API_URL": server.url}, {})


@pytest.fixture
def keeper(tmp_path: Path, http: Http) -> AkosKeeper:
    return AkosKeeper(str(tmp_path / "akos"), http, SystemClock())


def revoked(server: ScriptedServer) -> list[str]:
    return [form["token"] for path, form in server.asked if path == "/revoke"]


def test_akos_says_so_before_anybody_is_asked(server, place, keeper, http):
    in_the_way(keeper.path)
    with pytest.raises(Failed, match="symbolic link"):
        next(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    assert server.asked == []


def test_a_session_that_cannot_be_stored_is_ended(server, place, keeper, http):
    events = akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event())
    next(events)
    in_the_way(keeper.path)
    with pytest.raises(Failed, match="symbolic link"):
        list(events)
    assert revoked(server) == ["fake-refresh"]


def test_the_session_before_is_ended_when_another_is_stored(server, place, keeper, http):
    list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    assert revoked(server) == []
    server.say["/token"] = (200, {"access_token": "fake-access-2", "refresh_token": "fake-refresh-2"})
    list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    assert revoked(server) == ["fake-refresh"]
    list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    assert revoked(server) == ["fake-refresh"], "a server that gives the same token again gave no second session"


@pytest.mark.parametrize("signed_in", [True, False])
def test_nothing_of_the_akos_session_outlives_a_sign_out(place, keeper, http, signed_in):
    if signed_in:
        list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    left = Path(keeper.path + ".tmp-0123abcd")
    left.parent.mkdir(exist_ok=True)
    left.write_text("fake-refresh")
    keeper.sign_out()
    assert os.listdir(left.parent) == [".akos.lock"]


def locks_cannot_be_had(keeper: AkosKeeper) -> None:
    lock = Path(keeper.path).parent / ".akos.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()


def test_the_server_is_told_of_a_sign_out_where_no_lock_can_be_had(server, place, keeper, http):
    list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    locks_cannot_be_had(keeper)
    assert keeper.sign_out().revoked is True
    assert revoked(server) == ["fake-refresh"]
    assert not Path(keeper.path).exists()


def test_what_cannot_be_noted_does_not_spoil_a_login(server, place, keeper, http):
    def who(_: dict[str, str]) -> tuple[int, object]:
        locks_cannot_be_had(keeper)
        return 200, {"userId": "user_1", "email": "dev@example.com"}

    server.say["/session"] = who
    events = list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    assert events[-1] == akos.AkosSignedIn("user_1", "", "dev@example.com")
    server.say["/session"] = (200, {"userId": "user_2"})
    assert akos.whoami(place, {}, keeper, http)["user_id"] == "user_2"


def token(**times: float) -> str:
    body = base64.urlsafe_b64encode(json.dumps(times).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@pytest.mark.parametrize("off", [86400.0, -86400.0], ids=["a day ahead", "a day behind"])
def test_a_clock_that_is_off_by_a_day_makes_no_session_old_or_young(server, place, tmp_path, http, off):
    clock = TurnedClock()
    theirs = clock.now() - off
    server.say["/token"] = (200, {"access_token": token(iat=theirs, exp=theirs + 600), "refresh_token": "fake-refresh"})
    keeper = AkosKeeper(str(tmp_path), http, clock)
    list(akos.sign_in(place, keeper, http, clock, cancel=threading.Event()))
    session = keeper.stored()
    assert session is not None
    assert session.expires_at == clock.now() + 600
    asked = server.count("/token")
    keeper.fresh(place)
    assert server.count("/token") == asked


def test_a_token_that_cannot_be_sent_is_no_login(server, place, keeper, http):
    said = iter([{"access_token": "not a\ttoken"}, {"access_token": "ünbrauchbar"}, {"access_token": "fake-access"}])
    server.say["/token"] = lambda _: (200, next(said))
    events = list(akos.sign_in(place, keeper, http, TurnedClock(), cancel=threading.Event()))
    assert server.count("/token") == 3
    assert isinstance(events[-1], akos.AkosSignedIn)
    session = keeper.stored()
    assert session is not None
    assert session.access_token.reveal() == "fake-access"
