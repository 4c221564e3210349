"""Amika's servers, a state folder and `amika` in this process."""

from __future__ import annotations

import contextlib
import os

import pytest
from tests.cli.auth.signing_in import signed_in
from tests.fakes.workos_server import WorkosServer

from amika_agent.accounts.amika import AccountKey
from amika_agent.clock import SystemClock
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.records import Pushed
from amika_agent.sync.rules import Rule
from amika_cli.main import main
from amika_shared.profile import resolve


@pytest.fixture
def server(monkeypatch):
    with WorkosServer() as server:
        monkeypatch.setenv("AMIKA_API_URL", server.url)
        monkeypatch.setenv("AMIKA_WORKOS_URL", server.url)
        server.model.client_id = "client_fake"
        monkeypatch.setenv("AMIKA_WORKOS_CLIENT_ID", "client_fake")
        yield server


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("AMIKA_STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def amika(capsys):
    def run(*argv: str) -> tuple[int, str, str]:
        code = main(list(argv))
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def pushed(server, state):
    """A secret that this machine pushed and keeps equal."""
    signed_in(server, state)
    account = AccountKey("loopback", "user_01FAKE", "org_01ACME").text
    with contextlib.closing(SyncDb(resolve(os.environ).sync_db, SystemClock())) as db:
        rule = Rule("claude-oauth", "claude", "oauth", "user", "Claude OAuth", "claude-oauth", "/nowhere")
        db.put_rule(account, rule)
        fields = ("claude-oauth", "claude", "oauth", "user", "Claude OAuth", "id_1", "fingerprint", None, None, 1.0)
        db.put_pushed(account, Pushed(*fields))
    return account
