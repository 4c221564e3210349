"""auth login, whoami, auth status and auth logout of almyty: real processes, the local workspace as the server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.cli.conftest import Amika
from tests.cli.services_world import InProcess, SigningIn, Workspace
from tests.fakes.terminal import Terminal

FAKE = "almyty_" + "0" * 60 + "fake"
CODE = r"check the code  (\S+)"


@pytest.fixture
def there(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same, as "the hosted almyty" of this environment."""
    monkeypatch.setenv("ALMYTY_URL", workspace.url)
    monkeypatch.setenv("ALMYTY_FRONTEND_URL", workspace.url)
    return workspace


@pytest.fixture
def stored(home: Path) -> Path:
    return home / ".almyty" / "credentials.json"


def write(path: Path, content: object, mode: int = 0o600) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    path.chmod(mode)


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


def test_whoami_shows_the_file_and_json_has_the_documented_shape(quick: InProcess, stored: Path) -> None:
    write(
        stored,
        {
            "url": "https://api.example.test",
            "token": FAKE,
            "email": "alice@example.com",
            "expiresAt": "2099-01-01T00:00:00.000Z",
            "frontendUrl": "https://app.example.test",
            "more": 1,
        },
    )
    ran = quick("whoami", "almyty")
    assert ran.code == 0
    assert ran.out.splitlines()[:3] == [
        "Logged in as alice@example.com",
        "API: https://api.example.test",
        "Frontend: https://app.example.test",
    ]
    assert "Expiry: 2099-01-01T00:00:00Z" in ran.out
    assert "Store: ~/.almyty/credentials.json" in ran.out
    found = quick("whoami", "almyty", "--json").json
    assert {name: found[name] for name in ("authenticated", "url", "frontendUrl", "email", "expiry", "expiresAt")} == {
        "authenticated": True,
        "url": "https://api.example.test",
        "frontendUrl": "https://app.example.test",
        "email": "alice@example.com",
        "expiry": "valid",
        "expiresAt": "2099-01-01T00:00:00Z",
    }
    assert found["tokenPreview"] == "almyty_0…fake"
    assert found["credentialsFile"] == str(stored)
    assert FAKE not in ran.all + json.dumps(found)


@pytest.mark.parametrize("token", ["short", "sixteen-letters!"])
def test_a_short_token_is_masked_whole(quick: InProcess, stored: Path, token: str) -> None:
    write(stored, {"url": "https://api.example.test", "token": token})
    found = quick("whoami", "almyty", "--json").json
    assert found["tokenPreview"] == "****"
    assert (found["expiry"], found["expiresAt"]) == ("unknown", None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not valid JSON"),
        ("\ufeff{}", "byte order mark"),
        ("[]", ""),
        ('{"url": "https://api.example.test"}', "holds no token"),
        ('{"token": 7}', "holds no token"),
        (json.dumps({"token": FAKE, "expiresAt": "2001-01-01T00:00:00Z"}), "expired on 2001-01-01"),
        (json.dumps({"token": FAKE, "expiresAt": 978307200000}), "expired on 2001-01-01"),
    ],
)
def test_a_bad_file_is_said_and_is_exit_3(quick: InProcess, stored: Path, content: str, says: str) -> None:
    write(stored, content)
    for command in (("whoami", "almyty"), ("auth", "status")):
        ran = quick(*command)
        assert ran.code == 3
        if command[0] == "whoami":
            assert says in ran.err
            assert str(stored) in ran.err or "expired" in ran.err
            assert "amika auth login almyty" in ran.err
    assert quick("auth", "logout", "almyty").code == 0
    assert not stored.exists()


def test_nobody_is_exit_3_with_the_command_that_helps(quick: InProcess) -> None:
    ran = quick("whoami", "almyty")
    assert (ran.code, ran.out) == (3, "")
    assert "amika auth login almyty" in ran.err
    assert quick("whoami", "almyty", "--json").json["authenticated"] is False


def test_permissions_are_repaired_and_that_is_said(quick: InProcess, stored: Path) -> None:
    write(stored, {"url": "https://api.example.test", "token": FAKE}, mode=0o644)
    write(stored.parent / "config.json", {"apiUrl": "https://api.example.test"}, mode=0o644)  # where tokens go
    stored.parent.chmod(0o755)
    ran = quick("whoami", "almyty")
    assert ran.code == 0
    assert ran.err.count("repaired") == 3
    assert stored.stat().st_mode & 0o777 == 0o600
    assert (stored.parent / "config.json").stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700
    assert "repaired" not in quick("whoami", "almyty").err


def test_the_variable_counts_and_the_file_is_not_read(amika: Amika, there: Workspace, stored: Path) -> None:
    write(stored, "{ broken")
    token = there.mint()
    env = {"ALMYTY_TOKEN": token}
    ran = amika("whoami", "almyty", "--verify", env=env)
    assert ran.code == 0
    assert "Store: the environment (ALMYTY_TOKEN)" in ran.out
    assert "Verified: yes" in ran.out
    assert "never read" in ran.err
    rejected = amika("whoami", "almyty", "--verify", "--json", env={"ALMYTY_TOKEN": FAKE})
    assert rejected.code == 3
    assert rejected.json["verified"]["ok"] is False
    left = amika("auth", "logout", "almyty", env=env)
    assert left.code == 0
    assert "ALMYTY_TOKEN is still set" in left.err


def test_a_key_is_never_led_to_another_server(amika: Amika, there: Workspace, stored: Path) -> None:
    write(stored, {"url": "https://api.example.test", "token": FAKE})
    plain = amika("whoami", "almyty")
    assert plain.code == 0
    assert "the stored login is for https://api.example.test" in plain.err
    asked = amika("whoami", "almyty", "--verify")
    assert asked.code == 2
    assert "Sign in there first" in asked.err
    write(stored, {"token": FAKE})  # a file without an address is almyty's own
    assert amika("whoami", "almyty", "--verify").code == 2


def test_a_name_below_localhost_leads_to_this_machine(amika: Amika, workspace: Workspace, stored: Path) -> None:
    # the workspace itself answers to 127.0.0.1 only and says so: the request has arrived
    url = f"http://api.almyty.localhost:{workspace.port}"
    ran = amika("auth", "login", "almyty", "--api", url, "--token-file", "-", stdin=FAKE)
    assert ran.code == 5
    assert "HTTP 421" in ran.err


def test_logout_says_when_the_server_could_not_be_asked(quick: InProcess, stored: Path) -> None:
    from amika_local.almyty_file import token_hash

    note = {"keyId": "key_1", "tokenHash": token_hash(FAKE)}
    write(stored, {"url": "http://127.0.0.1:9", "token": FAKE, "_amika": note})
    ran = quick("auth", "logout", "almyty")
    assert ran.code == 0
    assert "could not be deleted at the server" in ran.err
    assert not stored.exists()


def test_a_note_about_another_token_deletes_nothing(amika: Amika, there: Workspace, stored: Path) -> None:
    token = there.mint()
    key_id = there.keys(token)[0]["id"]
    write(stored, {"url": there.url, "token": token, "_amika": {"keyId": key_id, "tokenHash": "0" * 16}})
    assert amika("auth", "logout", "almyty").code == 0
    assert there.accepts(token)


def test_logout_that_cannot_delete_says_so_and_is_exit_5(quick: InProcess, stored: Path) -> None:
    stored.mkdir(parents=True)
    ran = quick("auth", "logout", "almyty")
    assert ran.code == 5
    assert str(stored) in ran.err
    assert "igned out" not in ran.out
    assert stored.exists()


def ours(workspace: Workspace, stored: Path, *, url: str = "") -> str:
    """Store a login whose key our own sign-in made."""
    from amika_local.almyty_file import token_hash

    token = workspace.mint()
    note = {"keyId": workspace.keys(token)[-1]["id"], "tokenHash": token_hash(token)}
    write(stored, {"url": url or workspace.url, "token": token, "_amika": note})
    return token


def given(home: Path, token: str) -> str:
    path = home / "token"
    path.write_text(token)
    return str(path)


def test_a_new_login_deletes_the_key_of_the_one_it_replaces_and_no_other(
    quick: InProcess, there: Workspace, stored: Path, home: Path
) -> None:
    other, before, after = there.mint(), ours(there, stored), there.mint()
    ran = quick("auth", "login", "almyty", "--token-file", given(home, after))
    assert ran.code == 0
    assert [there.accepts(token) for token in (other, before, after)] == [True, False, True]
    # this one was made elsewhere: the next login leaves it alone
    assert quick("auth", "login", "almyty", "--token-file", given(home, other)).code == 0
    assert [there.accepts(token) for token in (other, after)] == [True, True]


def test_the_same_token_given_again_stays_ours_to_delete(
    quick: InProcess, there: Workspace, stored: Path, home: Path
) -> None:
    token = ours(there, stored)
    assert quick("auth", "login", "almyty", "--token-file", given(home, token)).code == 0
    assert there.accepts(token)
    assert quick("auth", "logout", "almyty").code == 0
    assert not there.accepts(token)


def test_the_key_of_another_server_is_named_and_not_sent_here(
    quick: InProcess, there: Workspace, stored: Path, home: Path
) -> None:
    before, after = ours(there, stored, url="https://api.example.test"), there.mint()
    ran = quick("auth", "login", "almyty", "--token-file", given(home, after))
    assert ran.code == 0
    assert "stays valid at https://api.example.test" in ran.err
    assert there.accepts(before)
