"""auth login, status, logout, switch-org and whoami, as a person or a script calls them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from tests.fakes.session_files import go_session, write_session
from tests.fakes.terminal import Terminal
from tests.fakes.workos_server import WorkosServer
from tests.process.session_crowd import due

from amika_agent.accounts.amika import AccountKey
from amika_agent.accounts.endpoints import resolve_endpoints
from amika_agent.clock import SystemClock
from amika_agent.http.client import Http
from amika_agent.session.keeper import SessionKeeper
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


class Person:
    """Decides about every code that turns up."""

    def __init__(self, server: WorkosServer, decision: str) -> None:
        self.server = server
        self.decision = decision
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.decide)

    def decide(self) -> None:
        while not self.done.wait(0.02):
            with self.server.model.lock:
                waiting = [code.user_code for code in self.server.model.codes.values() if code.state == "pending"]
            for code in waiting:
                getattr(self.server.model, self.decision)(code)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


def sign_in(amika, server, *flags):
    with Person(server, "approve"):
        return amika("auth", "login", "--no-browser", *flags)


def signed_in(server, state) -> None:
    """A finished sign-in, without waiting for its polling."""
    with Http() as http:
        endpoints = resolve_endpoints(os.environ)
        keeper = SessionKeeper(str(state), endpoints, http, SystemClock(), role="cli")
        keeper.accept(server.model.open_session())


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


@pytest.mark.parametrize("argv", [("auth", "status"), ("whoami",), ("auth", "status", "amika")])
@pytest.mark.parametrize("output", ["json", "json-pretty"])
def test_status_keeps_its_shape(amika, server, state, argv, output):
    signed_in(server, state)
    code, out, _ = amika(*argv, "-o", output)
    found = json.loads(out)
    assert code == 0
    assert found["authenticated"] is True
    assert found["method"] == "session"
    assert found["email"] == "dev@example.com"
    assert found["org_id"] == "org_01ACME"
    assert found["warnings"] == []
    assert found["storage"] == "file"
    assert found["accounts"][0]["service"] == "amika"


def test_status_of_nobody_is_json_too(amika, state):
    code, out, err = amika("auth", "status", "-o", "json")
    found = json.loads(out)
    assert code == 3
    assert (found["authenticated"], found["method"]) == (False, "none")
    assert err.count("\n") >= 1


@pytest.mark.parametrize(
    ("content", "word"),
    [("{}", "no login"), ("null", "no login"), ("", "empty"), ('{"access', "damaged"), ("[]", "damaged")],
)
def test_bad_files_are_named_with_exit_3(amika, state, content, word):
    path = write_session(state, content)
    code, out, err = amika("auth", "status")
    assert (code, out) == (3, "")
    assert str(path) in err
    assert word in err
    assert "auth login" in err
    assert path.read_text() == content


def test_a_login_that_is_long_over_is_not_signed_in(amika, state):
    write_session(state, go_session(iat=time.time() - 90 * 86400))
    code, _, err = amika("auth", "status")
    assert code == 3
    assert "expired" in err


def test_an_expired_token_that_can_be_renewed_is_signed_in_with_a_word_about_it(amika, state):
    write_session(state, go_session(iat=time.time() - 3600))
    code, out, err = amika("auth", "status")
    assert code == 0
    assert "dev@example.com" in out
    assert "renewed" in err


def test_what_is_renewed_and_what_is_not_is_told_apart(amika, state):
    for content, words in (
        (go_session(iat=time.time()), "; renewed before)"),
        (go_session(iat=time.time() - 3600), "; renewed when it is needed next)"),
    ):
        write_session(state, content)
        code, out, _ = amika("auth", "status")
        assert code == 0
        assert words in out
    write_session(state, go_session(iat=time.time(), refresh=""))
    assert "; renewed" not in amika("auth", "status")[1]


@pytest.mark.parametrize(
    ("error", "lost", "words"),
    [
        ("invalid_grant", True, "your session is over: the answer to its last renewal was lost"),
        ("invalid_grant", False, "your session is over: it was ended elsewhere"),
        ("sso_required", False, "your organization now asks for single sign-on"),
        ("mfa_enrollment", False, "your organization now asks for a second factor"),
    ],
)
def test_a_session_that_the_server_ended_is_said_with_its_reason(amika, server, state, error, lost, words):
    """Also when its access token has expired, which alone would be no reason."""
    due(state, server, -60)
    if lost:
        server.fail("refresh", "reset", executed=True)
    server.model.refresh_error = error
    assert amika("auth", "status", "--verify")[0] == 3
    for argv in (("auth", "status"), ("whoami",), ("auth", "status", "--verify")):
        code, _, err = amika(*argv)
        assert (code, err) == (3, f"amika: {words}\n  Sign in: amika auth login\n")
    code, _, err = sign_in(amika, server)
    assert code == 0
    assert "You are signed in" not in err


def test_a_key_has_no_name(amika, state, monkeypatch):
    monkeypatch.setenv("AMIKA_API_KEY", "fake-key")
    assert amika("auth", "status")[1].startswith("Signed in to Amika with an API key\n")


def test_a_file_in_the_middle_of_being_written_is_looked_at_again(amika, state):
    whole = json.dumps(go_session(iat=time.time()))
    path = write_session(state, whole[:50])
    writer = threading.Timer(0.12, lambda: path.write_text(whole))
    writer.start()
    code, _, _ = amika("auth", "status")
    writer.join()
    assert code == 0


def test_verify_asks_the_server(amika, server, state):
    signed_in(server, state)
    code, out, _ = amika("auth", "status", "--verify", "-o", "json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    server.fail("api", "answer", times=9, status=401, body=b"{}")
    code, out, err = amika("auth", "status", "--verify", "-o", "json")
    found = json.loads(out)
    assert (code, found["verified"], found["authenticated"]) == (3, False, False)
    assert "rejects" in err
    server.stop()
    code, out, err = amika("whoami", "--verify", "-o", "json")
    assert (code, json.loads(out)["verified"]) == (5, None)
    assert "cannot reach" in err


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


def test_logout_names_what_stays_stored(amika, server, state, pushed):
    code, out, _ = amika("auth", "logout")
    assert code == 0
    assert "Secrets you pushed stay stored: Claude OAuth" in out


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


def test_api_key_from_a_file(amika, server, state, tmp_path):
    key = tmp_path / "key"
    key.write_text("ak_fake\n")
    with server.model.lock:
        server.model._session("org_01ACME").access.add("ak_fake")
    code, out, _ = amika("auth", "login", "--api-key-file", str(key), "-o", "json")
    assert (code, json.loads(out)["verified"]) == (0, True)
    assert "ak_fake" not in out
    found = json.loads(amika("auth", "status", "-o", "json")[1])
    assert (found["method"], found["storage"]) == ("stored_api_key", "file")
    code, out, _ = amika("auth", "logout")
    assert code == 0
    assert "API key was deleted" in out
    assert not (state / "api-key.json").exists()


def test_a_rejected_api_key_is_not_stored(amika, server, state, tmp_path):
    key = tmp_path / "key"
    key.write_text("ak_wrong")
    code, _, err = amika("auth", "login", "--api-key-file", str(key))
    assert code == 3
    assert "rejects" in err
    assert not (state / "api-key.json").exists()


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"{}", b'"ok"', b""])
def test_a_page_that_is_no_api_accepts_no_key(amika, server, state, tmp_path, body):
    key = tmp_path / "key"
    key.write_text("ak_fake")
    server.fail("api", "answer", status=200, body=body)
    code, _, err = amika("auth", "login", "--api-key-file", str(key))
    assert code == 5
    assert "what answers is not Amika" in err
    assert not (state / "api-key.json").exists()


def test_an_api_key_can_be_stored_offline(amika, server, state, tmp_path):
    key = tmp_path / "key"
    key.write_text("ak_fake")
    server.stop()
    code, _, err = amika("auth", "login", "--api-key-file", str(key))
    assert code == 0
    assert "unchecked" in err
    assert (state / "api-key.json").exists()


@pytest.mark.parametrize("content", ["", "two words", "{"])
def test_a_file_without_a_key_is_usage(amika, server, state, tmp_path, content):
    key = tmp_path / "key"
    key.write_text(content)
    assert amika("auth", "login", "--api-key-file", str(key))[0] == 2
    assert amika("auth", "login", "--api-key-file", str(tmp_path / "none"))[0] == 2
    assert server.seen == []


def test_the_environment_key_comes_first_and_is_named(amika, server, state, monkeypatch):
    signed_in(server, state)
    monkeypatch.setenv("AMIKA_API_KEY", "ak_env")
    code, out, err = amika("auth", "status")
    assert code == 0
    assert "AMIKA_API_KEY" in out
    assert "used instead" in err
    code, _, err = amika("auth", "logout")
    assert code == 0
    assert "AMIKA_API_KEY is still set" in err
    _, _, err = sign_in(amika, server)
    assert "AMIKA_API_KEY is set" in err


def test_logout_that_the_server_did_not_hear_says_so(amika, server, state):
    signed_in(server, state)
    server.fail("logout", "500")
    code, out, err = amika("auth", "logout", "-o", "json")
    assert (code, json.loads(out)["revoked"]) == (0, False)
    assert "not ended at the server" in err


def test_what_a_link_leads_to_is_told_at_logout(amika, server, state, tmp_path):
    signed_in(server, state)
    (state / "workos-session.json").rename(tmp_path / "session.json")
    (state / "workos-session.json").symlink_to(tmp_path / "session.json")
    (tmp_path / "key.json").write_text('{"key": "ak_fake"}')
    (state / "api-key.json").symlink_to(tmp_path / "key.json")
    code, out, err = amika("auth", "logout")
    assert code == 0
    assert f"{tmp_path / 'session.json'} still holds its token" in out
    assert f"the stored API key was a link, and {tmp_path / 'key.json'} still holds it" in err
    assert not (state / "workos-session.json").is_symlink()
    assert not (state / "api-key.json").is_symlink()


def test_a_local_login_is_removed_although_its_workspace_cannot_start(amika, home):
    """What cannot be revoked is said, and nobody stays signed in for it."""
    profile = resolve(os.environ, local=True)
    state = Path(profile.amika_state_dir)
    write_session(state, go_session(iat=time.time()))
    folder = Path(profile.workspace_dir)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the workspace's data should be")
    code, out, err = amika("auth", "logout", "--local")
    assert code == 0
    assert "Signed out here" in out
    assert "not ended at the server" in err
    assert "the local workspace cannot be started" in err
    assert not (state / "workos-session.json").exists()
    code, out, _ = amika("auth", "logout", "--local")
    assert (code, out) == (0, "You were not signed in.\n")


def test_control_characters_in_an_email_do_not_reach_the_terminal(amika, server, state):
    server.model.user = ("user_1", "dev\x1b[31m@example.com\u202e")
    printed = "".join(sign_in(amika, server)[1:])
    printed += "".join(amika("auth", "status")[1:])
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_the_browser_is_opened_with_the_page(amika, server, state, monkeypatch, tmp_path):
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    with Person(server, "approve"):
        assert amika("auth", "login")[0] == 0
    end = time.monotonic() + 10
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
