"""`amika auth login` to Amika, as a person or a script calls it."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest
from tests.cli.auth.signing_in import Person, sign_in, signed_in
from tests.fakes.terminal import Terminal


def test_login_status_logout(amika, server, state):
    code, out, err = sign_in(amika, server)
    assert code == 0
    assert "dev@example.com" in out
    assert server.url in err
    assert "FAKE-0001" in err
    code, out, _ = amika("auth", "status")
    assert code == 0
    assert "dev@example.com" in out
    assert "org_01ACME" in out
    code, out, _ = amika("auth", "logout")
    assert (code, out) == (0, "Signed out.\n")
    assert not (state / "workos-session.json").exists()
    code, out, err = amika("auth", "status")
    assert (code, out) == (3, "")
    assert "amika auth login" in err
    assert amika("auth", "logout")[0] == 0


def test_no_value_is_ever_printed(amika, server, state):
    printed = "".join(sign_in(amika, server)[1:])
    stored = json.loads((state / "workos-session.json").read_text())
    device_code = next(iter(server.model.codes))
    for argv in (("auth", "status"), ("whoami", "--verify", "-o", "json"), ("auth", "logout", "-o", "json")):
        printed += "".join(amika(*argv)[1:])
    for value in (stored["access_token"], stored["refresh_token"], device_code):
        assert (value in printed) is False


def test_json_of_login_and_logout(amika, server, state):
    code, out, _ = sign_in(amika, server, "-o", "json")
    assert code == 0
    assert json.loads(out) == {
        "service": "amika",
        "method": "session",
        "email": "dev@example.com",
        "org_id": "org_01ACME",
    }
    found = json.loads(amika("auth", "logout", "--json")[1])
    assert found["was_signed_in"] is True
    assert found["revoked"] is True
    assert json.loads(amika("auth", "logout", "--json")[1])["was_signed_in"] is False


def test_signing_in_again_says_so_and_replaces(amika, server, state):
    signed_in(server, state)
    code, _, err = sign_in(amika, server)
    assert code == 0
    assert "You are signed in as dev@example.com" in err
    assert len(server.model.live()) == 1


def test_denied_is_exit_3(amika, server, state):
    with Person(server, "deny"):
        code, out, err = amika("auth", "login", "--no-browser")
    assert (code, out) == (3, "")
    assert "denied" in err


def test_several_organizations_need_a_flag_without_a_terminal(amika, server, state):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    code, _, err = sign_in(amika, server)
    assert code == 2
    assert "Beta" in err
    assert "--org" in err
    code, out, _ = sign_in(amika, server, "--org", "beta")
    assert code == 0
    assert "organization Beta." in out
    assert "organization Beta" in amika("auth", "status")[1]
    status = json.loads(amika("auth", "status", "-o", "json")[1])
    assert (status["org_id"], status["organization"]) == ("org_02BETA", "Beta")
    code, _, _ = sign_in(amika, server, "--org", "Gamma")
    assert code == 4


def test_the_person_chooses_an_organization_at_the_terminal(server, state):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    env = {**os.environ, "BROWSER": "true"}
    with Person(server, "approve"), Terminal(["auth", "login", "--no-browser"], env) as terminal:
        assert "2) Beta (org_02BETA)" in terminal.expect("Which organization? [1-2]")
        terminal.type("7")
        terminal.expect("Please type a number from 1 to 2.")
        terminal.type("2")
        assert terminal.end() == 0
        assert "organization Beta." in terminal.seen


def test_ctrl_c_at_the_choice_of_an_organization_leaves_no_session_anywhere(server, state):
    server.model.organizations = [("org_01ACME", "Acme"), ("org_02BETA", "Beta")]
    env = {**os.environ, "BROWSER": "true"}
    with Person(server, "approve"), Terminal(["auth", "login", "--no-browser"], env) as terminal:
        terminal.expect("Which organization? [1-2]")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
    assert not (state / "workos-session.json").exists()
    assert server.model.live() == []


@pytest.mark.parametrize("argv", [["auth", "login", "gitlab"], ["whoami", "x"], ["auth", "logout", "y"]])
def test_an_unknown_service_is_usage(amika, state, argv):
    code, out, err = amika(*argv)
    assert (code, out) == (2, "")
    assert "amika" in err


def test_flags_that_do_not_go_together(amika, state, tmp_path):
    assert amika("auth", "logout", "amika", "--all")[0] == 2
    assert amika("auth", "login", "--org", "")[0] == 2
    assert amika("auth", "login", "--org", "x", "--api-key-file", str(tmp_path / "k"))[0] == 2
    assert amika("auth", "logout", "--all")[0] == 0


@pytest.mark.parametrize("name", ["AMIKA_API_URL", "AMIKA_WORKOS_URL"])
def test_refused_servers(amika, server, state, monkeypatch, name):
    monkeypatch.setenv(name, "http://plain.example")
    code, _, err = amika("auth", "login", "--no-browser")
    assert code == 2
    assert name in err


def test_a_session_is_not_sent_to_another_server(amika, server, state, monkeypatch):
    signed_in(server, state)
    monkeypatch.setenv("AMIKA_API_URL", "https://evil.example")
    code, _, err = amika("auth", "status", "--verify")
    assert code == 2
    assert "signed in to another server" in err


def test_one_warning_for_another_server_with_the_default_client(amika, server, state, monkeypatch):
    monkeypatch.delenv("AMIKA_WORKOS_CLIENT_ID")
    server.model.client_id = "client_01KHA495MJS1KT6QBRTYJ239DY"
    _, _, err = sign_in(amika, server)
    assert err.count("AMIKA_WORKOS_CLIENT_ID") == 1
    _, _, err = amika("auth", "status")
    assert err.count("AMIKA_WORKOS_CLIENT_ID") == 1


def test_the_browser_is_opened_with_the_page(amika, server, state, monkeypatch, tmp_path):
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    with Person(server, "approve"):
        assert amika("auth", "login")[0] == 0
    end = time.monotonic() + 60
    while not opened.exists() or not opened.read_text().strip():
        assert time.monotonic() < end
        time.sleep(0.02)
    assert opened.read_text().strip() == f"{server.url}/device?user_code=FAKE-0001"


def test_the_page_is_enough_when_no_browser_opens(amika, server, state, monkeypatch):
    monkeypatch.setenv("BROWSER", "false")
    with Person(server, "approve"):
        code, _, err = amika("auth", "login")
    assert code == 0
    assert f"{server.url}/device" in err


def test_help(amika):
    for argv in (("auth", "login"), ("auth", "logout"), ("auth", "status"), ("auth", "switch-org"), ("whoami",)):
        code, out, _ = amika(*argv, "--help")
        assert code == 0
        assert "usage: amika" in out
