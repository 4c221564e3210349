"""`amika whoami almyty` and `auth status`: the file, the variable, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.almyty.login_file import FAKE, write
from tests.cli.conftest import Amika
from tests.cli.services_world import InProcess, Workspace


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
