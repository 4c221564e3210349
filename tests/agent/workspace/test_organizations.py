"""A user of several organizations: the sign-in asks which one, the answer finishes it, a renewal changes it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.agent.workspace.running import RunningServer

from amika_agent.accounts.amika import ChooseOrganization, CodeReady, Organization, SignedIn, sign_in
from amika_agent.clock import SystemClock
from amika_agent.endpoints import resolve_endpoints
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
from amika_agent.workspace import launch
from amika_agent.workspace.identity import ensure_identity
from amika_agent.workspace.services import open_data
from amika_agent.workspace.sqlite_storage import SqliteStorage
from amika_cli.main import main

SELECTION = "urn:workos:oauth:grant-type:organization-selection"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    open_data(str(data), SystemClock(), ("Acme", "Beta")).storage.close()
    with RunningServer(data) as running:
        yield running


def approved(server: RunningServer) -> dict[str, Any]:
    started = server.start_sign_in()
    assert server.poll(started).json()["error"] == "authorization_pending"
    launch.decide(str(server.data_dir), started["user_code"], True)
    return started


def test_organizations_are_added_once_and_kept(tmp_path: Path) -> None:
    storage = SqliteStorage(str(tmp_path / "db"))
    first = ensure_identity(storage)
    both = ensure_identity(storage, ("Acme", "Acme", "Local workspace"))
    assert both.organizations[0] == first.organizations[0]
    assert [one.name for one in both.organizations] == ["Local workspace", "Acme"]
    assert ensure_identity(storage, ("Acme",)) == both == ensure_identity(storage)
    storage.close()


def test_the_sign_in_asks_which_organization(server: RunningServer) -> None:
    started = approved(server)
    asked = server.poll(started)
    assert asked.status_code == 403
    body = asked.json()
    assert body["code"] == "organization_selection_required"
    assert [one["name"] for one in body["organizations"]] == ["Local workspace", "Acme", "Beta"]
    assert ("access_token" in body) is False
    pending, beta = body["pending_authentication_token"], body["organizations"][2]["id"]
    choose = {"grant_type": SELECTION, "pending_authentication_token": pending}
    assert server.authenticate(**choose).json()["error"] == "invalid_request"
    assert server.authenticate(**choose, organization_id="org_none").json()["error"] == "organization_not_authorized"
    done = server.authenticate(**choose, organization_id=beta)
    assert (done.status_code, done.json()["organization_id"]) == (200, beta)
    assert server.authenticate(**choose, organization_id=beta).json()["error"] == "invalid_grant"
    acme = body["organizations"][1]["id"]
    assert server.refresh(done.json()["refresh_token"], organization_id=acme).json()["organization_id"] == acme


def test_nobody_chooses_before_the_person_has_approved(server: RunningServer) -> None:
    started = server.start_sign_in()
    choose = {"grant_type": SELECTION, "pending_authentication_token": started["device_code"]}
    assert server.authenticate(**choose, organization_id="org_none").json()["error"] == "authorization_pending"


def test_our_own_sign_in_offers_them_and_can_switch_afterwards(server: RunningServer, tmp_path: Path) -> None:
    clock = SystemClock()
    endpoints = resolve_endpoints({}, local_url=server.url)
    with Http() as http:
        keeper = SessionKeeper(str(tmp_path / "state"), endpoints, http, clock, role="cli")
        choices: Sequence[Organization] = ()
        end: SignedIn | None = None
        events = sign_in(
            endpoints, http, clock, cancel=threading.Event(), keeper=keeper, choose_organization=lambda all_: all_[1].id
        )
        for event in events:
            match event:
                case CodeReady(user_code=code):
                    launch.decide(str(server.data_dir), code, True)
                case ChooseOrganization(organizations=organizations):
                    choices = organizations
                case SignedIn():
                    end = event
        assert [one.name for one in choices] == ["Local workspace", "Acme", "Beta"]
        assert end is not None
        first = keeper.stored()
        assert first is not None
        assert first.organization_id == end.organization_id
        other = next(one for one in choices if one.name == "Beta")
        assert keeper.switch_organization(other.id).organization_id == other.id


@pytest.mark.parametrize("names", ["", " , ", "a" * 81, ",".join(f"o{n}" for n in range(21)), "a\x07b"])
def test_names_that_cannot_be(names: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["workspace", "serve", "--organizations", names]) == 2
    assert "--organizations" in capsys.readouterr().err
    assert not os.path.exists(os.path.expanduser("~/.local/share/amika"))
