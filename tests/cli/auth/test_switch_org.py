"""`amika auth switch-org`, and what it does to the rules."""

from __future__ import annotations

import contextlib
import json
import os

from tests.cli.auth.signing_in import Person, sign_in, signed_in

from amika_agent.accounts.amika import AccountKey
from amika_agent.clock import SystemClock
from amika_agent.sync.journal import SyncDb
from amika_shared.profile import resolve


def test_switch_organization(amika, server, state):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    signed_in(server, state)
    code, out, _ = amika("auth", "switch-org", "org_02BETA", "-o", "json")
    assert code == 0
    assert json.loads(out)["org_id"] == "org_02BETA"
    assert json.loads(out)["previous_org_id"] == "org_01ACME"
    assert amika("auth", "switch-org", "org_99")[0] == 5
    with Person(server, "approve"):
        code, out, _ = amika("auth", "switch-org", "Acme", "--no-browser")
    assert code == 0
    assert "organization Acme." in out
    # the sign-in has offered both by name: this one needs no browser any more
    asked = server.count("device")
    code, out, _ = amika("auth", "switch-org", "beta")
    assert (code, out) == (0, "You now work in the organization Beta.\n")
    assert server.count("device") == asked


def test_switching_the_organization_parks_the_rules(amika, server, state, pushed):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    code, _, err = amika("auth", "switch-org", "org_02BETA")
    assert code == 0
    assert "parked" in err
    assert "Push rules of dev@example.com at org_01ACME" in err
    assert "sent to dev@example.com at org_02BETA" in err
    after = AccountKey("loopback", "user_01FAKE", "org_02BETA").text
    with contextlib.closing(SyncDb(resolve(os.environ).sync_db, SystemClock())) as db:
        assert [rule.id for rule in db.rules(pushed)] == ["claude-oauth"]
        assert db.rules(after) == []


def test_signing_in_to_another_organization_parks_the_rules_and_names_both(amika, server, state, pushed):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    code, _, err = sign_in(amika, server, "--org", "Beta")
    assert code == 0
    assert "Push rules of dev@example.com at org_01ACME are parked" in err
    assert "dev@example.com at Beta" in err
    code, _, err = sign_in(amika, server, "--org", "Beta")
    assert code == 0
    assert "parked" not in err


def test_switch_organization_without_a_login(amika, server, state, monkeypatch):
    assert amika("auth", "switch-org", "org_02BETA")[0] == 3
    monkeypatch.setenv("AMIKA_API_KEY", "ak_fake")
    assert amika("auth", "switch-org", "org_02BETA")[0] == 2
    assert amika("auth", "switch-org", " ")[0] == 2
