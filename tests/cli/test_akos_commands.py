"""AKOS: sign-in, session check, tenants, sign-out; and several services at once. Real processes, real workspace."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Amika
from tests.cli.services_world import InProcess, SigningIn, Workspace

from amika_shared.profile import resolve

CODE = r"check the code  (\S+)"


@pytest.fixture
def there(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The same, as "the hosted AKOS" of this environment."""
    monkeypatch.setenv("AKOS_API_URL", workspace.url)
    return workspace


@pytest.fixture
def stored(home: Path) -> Path:
    return Path(resolve(os.environ).data_dir) / "akos-session.json"


def sign_in(workspace: Workspace, *flags: str) -> SigningIn:
    with SigningIn("auth", "login", "akos", *flags) as program:
        workspace.decide(program.until(CODE))
        assert program.end() == 0, program.err
    return program


def test_login_check_tenants_logout(amika: Amika, there: Workspace, stored: Path) -> None:
    program = sign_in(there)
    user, tenant = program.out.removeprefix("Logged in as ").strip().split(" on tenant ")
    assert user.startswith("user_local_")
    session = json.loads(stored.read_text())
    assert stored.stat().st_mode & 0o777 == 0o600
    for name in ("access_token", "refresh_token"):
        assert (session[name] in program.out + program.err) is False
    who = amika("whoami", "akos", "--verify")
    assert who.code == 0
    assert who.out.startswith(f"Logged in as {user} on tenant {tenant}\n")
    assert "it answers, and accepts the login" in who.out
    found = amika("whoami", "akos", "--verify", "--json").json
    assert (found["user_id"], found["tenant_id"], found["verified"]) == (user, tenant, True)
    listed = amika("tenant", "list", "--json").json
    assert listed["tenants"] == [{"id": tenant, "name": "Local workspace", "current": True}]
    assert "Local workspace" in amika("tenant", "list").out
    assert amika("tenant", "use", "local WORKSPACE").code == 0
    unknown = amika("tenant", "use", "nowhere")
    assert unknown.code == 4
    assert "amika tenant list" in unknown.err
    assert amika("auth", "logout", "akos").out == "Signed out of AKOS.\n"
    assert not stored.exists()
    assert (
        there.http.post(
            "/oauth/token",
            data={"grant_type": "refresh_token", "refresh_token": session["refresh_token"], "client_id": "akos-cli"},
        ).json()["error"]
        == "invalid_grant"
    )
    again = amika("auth", "logout", "akos")
    assert (again.code, again.out) == (0, "Nobody was signed in to AKOS.\n")
    assert amika("whoami", "akos").code == 3


def test_a_later_shell_without_the_address_asks_the_server_of_the_session(
    amika: Amika, there: Workspace, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(there)
    monkeypatch.delenv("AKOS_API_URL")
    who = amika("whoami", "akos", "--verify", "-o", "json")
    assert (who.code, who.json["verified"]) == (0, True)
    assert amika("tenant", "list").code == 0
    # signing in anew is no place to guess
    assert amika("auth", "login", "akos", "--no-browser").code == 2


def test_scope_and_client_id_are_sent(there: Workspace, stored: Path) -> None:
    sign_in(there, "--scope", "cli admin", "--client-id=my-client")
    session = json.loads(stored.read_text())
    assert (session["scope"], session["client_id"]) == ("cli admin", "my-client")


@pytest.mark.parametrize("variable", ["AGENTSKIT_TOKEN", "AKOS_TOKEN"])
def test_with_a_token_variable_login_succeeds_at_once(quick: InProcess, variable: str, stored: Path) -> None:
    # nothing answers at this address: no network is needed
    ran = quick("auth", "login", "akos", env={variable: "akos-fake-token", "AKOS_API_URL": "http://127.0.0.1:9"})
    assert ran.code == 0
    assert variable in ran.out
    assert "--verify" in ran.out
    assert "akos-fake-token" not in ran.all
    assert not stored.exists()
    who = quick("whoami", "akos", env={variable: "akos-fake-token"})
    assert who.code == 0
    assert variable in who.out


def test_a_token_variable_is_checked_when_asked(amika: Amika, there: Workspace, stored: Path) -> None:
    refused = amika("whoami", "akos", "--verify", env={"AKOS_TOKEN": "akos-fake-token"})
    assert refused.code == 3
    assert "rejects" in refused.err
    sign_in(there)
    token = json.loads(stored.read_text())["access_token"]
    taken = amika("whoami", "akos", "--verify", env={"AKOS_TOKEN": token})
    assert taken.code == 0
    assert "on tenant" in taken.out
    assert "instead of the session" in taken.err
    assert amika("tenant", "use", "x", env={"AKOS_TOKEN": token}).code == 2
    assert "AKOS_TOKEN is still set" in amika("auth", "logout", "akos", env={"AKOS_TOKEN": token}).err


def test_without_an_address_the_next_step_is_named(quick: InProcess) -> None:
    ran = quick("auth", "login", "akos")
    assert ran.code == 2
    assert "AKOS_API_URL" in ran.err
    assert "--local" in ran.err


@pytest.mark.parametrize(
    ("env", "flags"),
    [
        ({"AKOS_API_URL": "http://akos.example.test"}, ()),
        ({"AKOS_API_URL": "https://u:p@akos.example.test"}, ()),
        ({"AKOS_API_URL": "https://akos.example.test"}, ("--client-id", "a b")),
        ({"AKOS_API_URL": "https://akos.example.test"}, ("--token", "x")),
    ],
)
def test_what_is_wrong_with_the_request_is_exit_2(
    quick: InProcess, env: dict[str, str], flags: tuple[str, ...]
) -> None:
    assert quick("auth", "login", "akos", *flags, env=env).code == 2


def test_a_server_without_metadata_is_named(amika: Amika, server: object) -> None:
    ran = amika("auth", "login", "akos", env={"AKOS_API_URL": os.environ["AMIKA_API_URL"]})
    assert ran.code == 5
    assert "does not say how one signs in" in ran.err
    assert "akos.device_url" in ran.err


def test_the_session_is_bound_to_its_server(quick: InProcess, stored: Path) -> None:
    stored.parent.mkdir(parents=True)
    stored.write_text(json.dumps({"api_url": "https://akos.example.test", "access_token": "akos-fake-token"}))
    ran = quick("whoami", "akos", "--verify", env={"AKOS_API_URL": "http://127.0.0.1:9"})
    assert ran.code == 2
    assert "belongs to https://akos.example.test" in ran.err


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"access_token": 1}'])
def test_a_bad_file_is_said(quick: InProcess, stored: Path, content: str) -> None:
    stored.parent.mkdir(parents=True)
    stored.write_text(content)
    ran = quick("whoami", "akos")
    assert ran.code == 3
    assert str(stored) in ran.err
    assert "amika auth login akos" in ran.err
    assert quick("auth", "logout", "akos").code == 0
    assert not stored.exists()


def test_several_services_at_once(amika: Amika, there: Workspace, stored: Path, home: Path) -> None:
    assert amika("auth", "status").code == 3
    sign_in(there)
    env = {"ALMYTY_URL": there.url}
    assert amika("auth", "login", "almyty", "--token-file", "-", stdin=there.mint(), env=env).code == 0
    ran = amika("auth", "status", env=env)
    assert ran.code == 0
    assert "Not signed in to Amika" in ran.out
    assert "Signed in to almyty as " in ran.out
    assert "Signed in to AKOS as user_local_" in ran.out
    found = amika("auth", "status", "--verify", "-o", "json", env=env)
    assert found.code == 0
    assert (found.json["authenticated"], found.json["method"]) == (False, "none")
    assert {one["service"]: one["signed_in"] for one in found.json["accounts"]} == {
        "amika": False,
        "almyty": True,
        "akos": True,
    }
    assert amika("auth", "status", "amika", env=env).code == 3
    assert amika("auth", "status", "nobody", env=env).code == 2
    left = amika("auth", "logout", "--all", "-o", "json", env=env)
    assert [one["service"] for one in left.json["services"]] == ["amika", "almyty", "akos"]
    assert [one["was_signed_in"] for one in left.json["services"]] == [False, True, True]
    assert not stored.exists()
    assert not (home / ".almyty" / "credentials.json").exists()
    assert amika("auth", "status", env=env).code == 3


def test_sign_out_of_the_local_workspace_starts_it_to_end_the_session_there(amika: Amika, home: Path) -> None:
    folder = Path(resolve(os.environ, local=True).data_dir)
    with Workspace() as running, SigningIn("auth", "login", "akos", "--local") as program:
        running.decide(program.until(CODE))
        assert program.end() == 0, program.err
        port = running.url
    stored = folder / "akos-session.json"
    # where it was is nobody, or a stranger
    content = stored.read_text().replace(port, "http://127.0.0.1:9")
    stored.write_text(content)
    left = amika("auth", "logout", "--all", "--local", "-o", "json")
    assert left.code == 0
    akos = left.json["services"][2]
    assert (akos["was_signed_in"], akos["revoked"]) == (True, True)
    assert left.err == ""
    assert not stored.exists()


def test_a_local_workspace_that_does_not_start_keeps_nobody_signed_in(quick: InProcess, home: Path) -> None:
    folder = Path(resolve(os.environ, local=True).data_dir)
    folder.mkdir(parents=True)
    stored = folder / "akos-session.json"
    token = {"access_token": "fake", "api_url": "http://127.0.0.1:9", "revocation_url": "http://127.0.0.1:9/revoke"}
    stored.write_text(json.dumps(token))
    Path(resolve(os.environ, local=True).workspace_dir).write_text("in the way")
    ran = quick("auth", "logout", "akos", "--local")
    assert ran.code == 0
    assert "could not be ended at the server" in ran.err
    assert not stored.exists()
