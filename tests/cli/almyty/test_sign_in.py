"""`amika auth login almyty`: by browser, code or token; real processes, the local workspace as the server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.cli.almyty.login_file import FAKE, write
from tests.cli.conftest import Amika
from tests.cli.services_world import InProcess, SigningIn, Workspace
from tests.fakes.terminal import Terminal

CODE = r"check the code  (\S+)"


def test_the_browser_sign_in_keeps_its_keys_id_and_logout_deletes_just_that_key(
    amika: Amika, there: Workspace, stored: Path
) -> None:
    other = there.mint()
    with SigningIn("auth", "login", "almyty", "--port", "0") as program:
        page = program.until(r"To sign in, open  (\S+)")
        query = parse_qs(urlsplit(page).query)
        assert page.startswith(f"{there.url}/cli-login?callback=http%3A%2F%2F127.0.0.1%3A")
        bring(there, query["callback"][0], query["state"][0])
        assert program.end() == 0
    assert program.out.splitlines() == [
        f"Logged in as {email(there)}",
        "Organization: Local workspace",
        f"API: {there.url}",
    ]
    found = json.loads(stored.read_text())
    assert found["url"] == there.url
    assert found["_amika"]["keyId"]
    assert stored.read_text().startswith('{\n  "url"')
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert (found["token"] in program.out + program.err) is False

    left = amika("auth", "logout", "almyty")
    assert (left.code, left.out) == (0, "Signed out of almyty; the key was deleted at the server.\n")
    assert not stored.exists()
    assert not there.accepts(found["token"])
    assert there.accepts(other)
    assert amika("auth", "logout", "almyty").code == 0


def bring(workspace: Workspace, callback: str, state: str) -> None:
    """Do what page and browser do after the click."""
    origin = callback.removesuffix("/cb")
    body = {"token": workspace.mint(), "state": state}
    assert httpx.post(f"{origin}/cb-complete", json=body, headers={"Origin": origin}).json() == {"ok": True}
    httpx.get(f"{origin}/success")


def email(workspace: Workspace) -> str:
    answer = httpx.get(f"{workspace.url}/auth/profile", headers={"X-API-Key": workspace.mint()})
    return str(answer.json()["data"]["email"])


def test_a_code_on_any_device_without_touching_the_real_login(
    amika: Amika, workspace: Workspace, home: Path, stored: Path
) -> None:
    write(stored, {"url": "https://api.example.test", "token": FAKE})
    before = stored.read_bytes()
    hosted = {"ALMYTY_TOKEN": FAKE, "ALMYTY_URL": "https://api.example.test"}
    with SigningIn("auth", "login", "almyty", "--local", "--no-browser", "-o", "json", env=hosted) as program:
        workspace.decide(program.until(CODE))
        assert program.end() == 0
    assert f"{workspace.url}/cli-auth?code=" in program.err
    assert json.loads(program.out)["url"] == workspace.url
    who = amika("whoami", "almyty", "--local", "--verify", "-o", "json", env=hosted)
    assert who.json["authenticated"] is True
    assert who.json["verified"]["ok"] is True
    assert who.json["verified"]["organizations"][0]["name"] == "Local workspace"
    assert amika("auth", "logout", "--local", "almyty", env=hosted).code == 0
    assert stored.read_bytes() == before


def test_a_denied_code_is_exit_3(workspace: Workspace) -> None:
    with SigningIn("auth", "login", "almyty", "--local", "--no-browser") as program:
        workspace.decide(program.until(CODE), approve=False)
        assert program.end() == 3
    assert "denied" in program.err


def test_a_token_from_stdin_is_checked_before_it_is_stored(amika: Amika, there: Workspace, stored: Path) -> None:
    refused = amika("auth", "login", "almyty", "--token-file", "-", stdin=FAKE)
    assert refused.code == 3
    assert "rejects the almyty token" in refused.err
    assert "--api" in refused.err
    assert FAKE not in refused.all
    assert not stored.exists()
    assert not (stored.parent / "config.json").exists()
    token = there.mint()
    taken = amika("auth", "login", "almyty", "--token-file", "-", stdin=token + "\n")
    assert taken.code == 0
    assert json.loads(stored.read_text())["token"] == token
    out = amika("auth", "logout", "almyty")
    assert "not made by this program and stays valid" in out.out
    assert there.accepts(token)


def test_a_token_on_the_command_line_is_taken_with_a_warning(amika: Amika, there: Workspace, stored: Path) -> None:
    token = there.mint()
    taken = amika("auth", "login", "almyty", "--token", token)
    assert taken.code == 0
    assert "visible" in taken.err
    assert token not in taken.all
    assert stored.exists()


def test_a_token_typed_at_the_prompt_is_not_shown(there: Workspace, stored: Path) -> None:
    token = there.mint()
    with Terminal(["auth", "login", "almyty", "--token"], dict(os.environ)) as terminal:
        terminal.expect("(not shown)")
        assert not terminal.echoes()
        terminal.type(token)
        assert terminal.end() == 0
    assert token not in terminal.seen
    assert stored.exists()


def test_over_ssh_the_tunnel_is_named_and_a_token_may_be_pasted(there: Workspace, stored: Path) -> None:
    token = there.mint()
    env = {**os.environ, "SSH_CONNECTION": "192.0.2.1 50000 192.0.2.7 22", "BROWSER": ""}
    with Terminal(["auth", "login", "almyty", "--port", "0"], env) as terminal:
        screen = terminal.expect("paste a token")
        assert "ssh -L " in screen
        assert "@192.0.2.7" in screen
        terminal.type("two words")
        terminal.expect("That is not a token")
        terminal.type(token)
        terminal.expect("Logged in as")
        assert terminal.end() == 0
    assert token not in terminal.seen
    assert "two words" not in terminal.seen
    assert "keyId" not in stored.read_text()  # a person's own key: never ours to delete


def test_addresses_given_by_flag_are_remembered_after_success_only(
    amika: Amika, workspace: Workspace, stored: Path
) -> None:
    config = stored.parent / "config.json"
    write(config, {"theme": "dark"})
    flags = ("--api", workspace.url, "--frontend", workspace.url + "/")
    assert amika("auth", "login", "almyty", *flags, "--token-file", "-", stdin=FAKE).code == 3
    assert json.loads(config.read_text()) == {"theme": "dark"}
    assert amika("auth", "login", "almyty", *flags, "--token-file", "-", stdin=workspace.mint()).code == 0
    assert json.loads(config.read_text()) == {
        "theme": "dark",
        "apiUrl": workspace.url,
        "frontendUrl": workspace.url,
    }
    assert config.stat().st_mode & 0o777 == 0o600
    amika("auth", "logout", "almyty")
    assert amika("auth", "login", "almyty", "--token-file", "-", stdin=workspace.mint()).code == 0


@pytest.mark.parametrize(
    ("flags", "env"),
    [
        (("--api", "http://api.example.test"), {}),
        (("--api", ""), {}),
        (("--frontend=",), {}),
        (("--frontend", "http://example.test"), {}),
        ((), {"ALMYTY_URL": "http://localhost.example.test"}),
        ((), {"ALMYTY_FRONTEND_URL": "ftp://example.test"}),
        (("--api", "https://user:pw@example.test"), {}),
        (("--port", "99999"), {}),
        (("--port", "x"), {}),
        (("--token", "a b"), {}),
        (("--token", "x", "--token-file", "-"), {}),
        (("--org", "acme"), {}),
        (("--scope", "cli"), {}),
    ],
)
def test_what_is_wrong_with_the_request_is_exit_2(
    quick: InProcess, flags: tuple[str, ...], env: dict[str, str], stored: Path
) -> None:
    ran = quick("auth", "login", "almyty", *flags, env=env)
    assert ran.code == 2, ran.err
    assert "pw" not in ran.err
    assert not stored.exists()


def test_a_name_below_localhost_leads_to_this_machine(amika: Amika, workspace: Workspace, stored: Path) -> None:
    # the workspace itself answers to 127.0.0.1 only and says so: the request has arrived
    url = f"http://api.almyty.localhost:{workspace.port}"
    ran = amika("auth", "login", "almyty", "--api", url, "--token-file", "-", stdin=FAKE)
    assert ran.code == 5
    assert "HTTP 421" in ran.err
